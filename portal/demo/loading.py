"""Loading the demo consortium, whole or not at all, and taking it out again."""

import secrets
from collections.abc import Callable
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.utils.translation import gettext as _

from consortium.errors import DomainError
from consortium.models import Institution, User
from portal.demo import (
    clock,
    deployment,
    grants,
    judging,
    machines,
    people,
    reporting,
    research,
    usage,
)
from portal.demo.content_people import PEOPLE, PersonRow

# What migrations wrote stays: nothing would write it again.
KEPT_TABLES = frozenset(
    {"django_migrations", "django_content_type", "compute_grants_researchtopic"}
)


class NotEmpty(DomainError):
    """The site holds people or institutions that the demo did not make."""


class NeedsOwner(DomainError):
    """Only the database's owner can take append-only history out."""


def loaded() -> bool:
    return User.objects.filter(email=people.email_of(PEOPLE[0])).exists()


def strangers() -> int:
    """People and institutions that neither the demo nor a made-up call has brought."""
    domain = f".{people.DOMAIN}"
    return (
        User.objects.exclude(email__endswith=domain).count()
        + Institution.objects.exclude(affiliations__user__email__endswith=domain).count()
    )


def load(*, password: str | None, logins: Path, say: Callable[[str], object]) -> None:
    """Load everything in one transaction: killed half way, nothing is there.

    Writes the log-ins, readable by the owner alone, to `logins`. Raises NotEmpty on a site
    that somebody uses.
    """
    if User.objects.exists():
        raise NotEmpty(_("Somebody uses this site. Load the demo into an empty one."))
    password = password or f"celadon-{secrets.token_urlsafe(9)}"
    steps: tuple[tuple[str, Callable[[], None]], ...] = (
        ("people and institutions", lambda: people.load(password)),
        ("machines", machines.load),
        ("calls, proposals, reviews and awards", grants.load),
        ("ties, waivers and drafts of reviews", judging.load),
        ("maintenance of machines", machines.plan_maintenance),
        ("usage", usage.load),
        ("reports and outputs of grants", reporting.load),
        ("labs, checkpoints and releases", research.load),
        ("gates, offerings, licences and income", deployment.load),
    )
    with transaction.atomic(), clock.travelling():
        for name, step in steps:
            step()
            say(f"  {name}")
        _write_logins(logins, password)


def _write_logins(path: Path, password: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    lines = [f"password for all: {password}", ""]
    lines += [f"{people.email_of(row):<52}{_what(row)}" for row in PEOPLE]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _what(row: PersonRow) -> str:
    """The person's roles in a few words, for the list of log-ins."""
    roles = [row.office] if row.office else [role for role in row.roles if role != "member"]
    if row.topics:
        roles.append("panellist" if row.panel else "reviewer")
    return f"{row.name_en} {row.name_zh}: {', '.join(roles) or 'member'}"


def remove(logins: Path) -> None:
    """Empty the site, history included. Raises NotEmpty where anybody else has joined.

    Append-only tables refuse everybody; only their owner may take the refusal off for a moment.
    """
    if strangers():
        raise NotEmpty(_("People or institutions beyond the demo are here. Nothing was removed."))
    ours = {model._meta.db_table for model in apps.get_models(include_auto_created=True)}
    names = [connection.ops.quote_name(table) for table in sorted(ours - KEPT_TABLES)]
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            for name in names:
                cursor.execute(f"ALTER TABLE {name} DISABLE TRIGGER USER")
            cursor.execute(f"TRUNCATE {', '.join(names)} RESTART IDENTITY CASCADE")
            for name in names:
                cursor.execute(f"ALTER TABLE {name} ENABLE TRIGGER USER")
    except DatabaseError as error:
        message = _("Run this as the database's owner: set DATABASE_URL to its address.")
        raise NeedsOwner(message) from error
    logins.unlink(missing_ok=True)
    settings.AUDIT_SEAL_FILE.unlink(missing_ok=True)
