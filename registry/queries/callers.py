"""Everything the MLflow gateway must know about a caller, in one query.

It stands in every call, and five queries would cost as much as MLflow's own work. The rules are
those of consortium.tokens.verify, consortium.roles.Standing and Lab.objects.worked_in_by, and
a test holds this reading against theirs for every role.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone

from consortium import tokens
from consortium.models import ApiToken, User
from consortium.roles import Role, Standing
from registry.models import Lab

_READ = """
SELECT t.id, t.key_id, t.digest, t.pepper_version, t.scopes, t.expires_at, t.revoked_at,
    t.last_used_at, u.id, u.email, u.name_en, u.name_zh, u.language, u.is_active,
    (SELECT array_agg(ARRAY[a.institution_id::text, a.role])
        FROM consortium_affiliation AS a JOIN consortium_institution AS i
            ON i.id = a.institution_id AND i.state = 'active'
        WHERE a.user_id = u.id AND a.since <= %(today)s
            AND (a.until IS NULL OR a.until >= %(today)s)),
    (SELECT array_agg(o.office) FROM consortium_armappointment AS o
        WHERE o.user_id = u.id AND o.since <= %(today)s
            AND (o.until IS NULL OR o.until >= %(today)s)),
    (SELECT r.panellist FROM consortium_reviewer AS r
        WHERE r.user_id = u.id AND r.since <= %(today)s
            AND (r.until IS NULL OR r.until >= %(today)s)),
    (SELECT array_agg(ARRAY[l.id::text, l.slug, l.workspace, l.institution_id::text]
            ORDER BY l.slug)
        FROM registry_labmember AS m JOIN registry_lab AS l ON l.id = m.lab_id
        WHERE m.user_id = u.id)
FROM consortium_apitoken AS t JOIN consortium_user AS u ON u.id = t.user_id
WHERE t.key_id = %(key)s
"""


@dataclass(frozen=True, slots=True)
class Caller:
    """A live token, the person it stands for, and the labs they work in today, by slug."""

    user: User
    token: ApiToken
    labs: tuple[Lab, ...]


def by_token(text: str) -> Caller | None:
    """The caller with this token; None where it is unknown, expired, revoked, or its owner's
    account is closed."""
    key_id = tokens.well_formed(text)
    if key_id is None:
        return None
    with connection.cursor() as cursor:
        cursor.execute(_READ, {"key": key_id, "today": timezone.localdate()})
        row = cursor.fetchone()
    if row is None or row[3] not in settings.TOKEN_PEPPERS:
        return None
    if not hmac.compare_digest(row[2], tokens.digest_of(text, row[3])):
        return None
    caller = _caller(row)
    return caller if caller.token.live and caller.user.is_active else None


def _caller(row: tuple[Any, ...]) -> Caller:
    user = User(
        id=row[8],
        email=row[9],
        name_en=row[10],
        name_zh=row[11],
        language=row[12],
        is_active=row[13],
    )
    user._state.adding = False  # noqa: SLF001  it was read, only not by the ORM
    user._state.db = "default"  # noqa: SLF001
    token = ApiToken(
        id=row[0],
        key_id=row[1],
        digest=row[2],
        pepper_version=row[3],
        scopes=row[4],
        expires_at=row[5],
        revoked_at=row[6],
        last_used_at=row[7],
        user=user,
    )
    affiliations = [(int(pk), role) for pk, role in row[14] or ()]
    found = Standing.of(affiliations, row[15] or (), _reviewing(row[16]))
    user._standing = found  # type: ignore[attr-defined]  # noqa: SLF001  as roles.standing keeps it
    return Caller(user, token, _labs(row[17] or (), found.institution_ids))


def _reviewing(panellist: bool | None) -> set[Role]:
    if panellist is None:
        return set()
    return {Role.REVIEWER, Role.PANELLIST} if panellist else {Role.REVIEWER}


def _labs(rows: list[list[str]] | tuple[()], here: frozenset[int]) -> tuple[Lab, ...]:
    return tuple(
        Lab(id=int(pk), slug=slug, workspace=workspace, institution_id=int(institution))
        for pk, slug, workspace, institution in rows
        if int(institution) in here
    )
