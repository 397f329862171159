"""Desired state of other systems: wanted with a decision, made true by workers, until it is.

A worker claims a row for a while, reads the outside, applies the difference as absolute
values, reads back, and records success only if nobody claimed the row after it (its fence is
still the newest). All times are the database's.
"""

from __future__ import annotations

import json
import logging
import os
import socket
from datetime import timedelta
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from consortium import audit, policies
from consortium.effects import Spec, Waiting, effect_for
from consortium.errors import WrongState
from consortium.jobs import nudge
from consortium.models import DesiredState, User

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=120)
FIRST_RETRY = timedelta(seconds=5)
LONGEST_RETRY = timedelta(minutes=15)
LOOK_AGAIN = timedelta(minutes=1)  # after Waiting
ERROR_LENGTH = 2000


class LostLease(WrongState):
    """Another worker claimed the row meanwhile; what this one did is not recorded."""


class NotSatisfied(Exception):
    """Everything was applied without an error, and yet the outside reads differently."""


_WANT = """
INSERT INTO consortium_desiredstate AS d
    (kind, key, spec, generation, applied_generation, lease_owner, fence, attempts, next_at,
     error, changed_at)
VALUES (%(kind)s, %(key)s, %(spec)s::jsonb, 1, 0, '', 0, 0, clock_timestamp(), '',
    clock_timestamp())
ON CONFLICT (kind, key) DO UPDATE SET
    spec = excluded.spec, generation = d.generation + 1, attempts = 0, error = '',
    next_at = clock_timestamp(), changed_at = clock_timestamp()
WHERE d.spec IS DISTINCT FROM excluded.spec
RETURNING *
"""
# Rows another session has locked are being claimed or changed; they come again.
_CLAIM = """
UPDATE consortium_desiredstate SET
    lease_owner = %(owner)s, lease_until = clock_timestamp() + %(lease)s, fence = fence + 1,
    attempts = attempts + 1, changed_at = clock_timestamp()
WHERE id = (
    SELECT id FROM consortium_desiredstate
    WHERE applied_generation <> generation AND next_at <= clock_timestamp()
        AND (lease_until IS NULL OR lease_until <= clock_timestamp())
        AND (%(only)s::bigint IS NULL OR id = %(only)s)
    ORDER BY next_at, id LIMIT 1 FOR UPDATE SKIP LOCKED
)
RETURNING *
"""
_SETTLE = """
UPDATE consortium_desiredstate SET
    applied_generation = generation, observed = %(observed)s::jsonb, lease_owner = '',
    lease_until = NULL, attempts = 0, error = '', changed_at = clock_timestamp()
WHERE id = %(id)s AND fence = %(fence)s AND generation = %(generation)s
"""
_RELEASE = """
UPDATE consortium_desiredstate SET
    lease_owner = '', lease_until = NULL, error = %(error)s, changed_at = clock_timestamp(),
    next_at = CASE WHEN generation = %(generation)s
        THEN clock_timestamp() + %(pause)s ELSE clock_timestamp() END
WHERE id = %(id)s AND fence = %(fence)s
"""


def want(*, kind: str, key: str, spec: Spec) -> DesiredState:
    """Say, in the transaction of the decision, what another system should look like.

    A changed `spec` (JSON) is a new generation. Wanting the same again changes nothing.
    """
    assert connection.in_atomic_block, "what is wanted must commit with the decision"
    params = {"kind": kind, "key": key, "spec": json.dumps(spec)}
    changed: list[DesiredState] = list(DesiredState.objects.raw(_WANT, params))
    if not changed:
        return DesiredState.objects.get(kind=kind, key=key)
    nudge("consortium.reconcile", changed[0].pk)
    return changed[0]


_LOOK_AGAIN = """
UPDATE consortium_desiredstate SET
    generation = generation + 1, attempts = 0, error = '', next_at = clock_timestamp(),
    changed_at = clock_timestamp()
WHERE kind = %(kind)s AND key = %(key)s AND applied_generation = generation
RETURNING *
"""


def look_again(*, kind: str, key: str) -> bool:
    """The outside may have changed since it matched: have it read, and made true, once more.

    Nothing happens, and False is returned, where that is still to be done anyway.
    """
    rows: list[DesiredState] = list(
        DesiredState.objects.raw(_LOOK_AGAIN, {"kind": kind, "key": key})
    )
    for row in rows:
        nudge("consortium.reconcile", row.pk)
    return bool(rows)


def claim(*, only: int | None = None, lease: timedelta = LEASE) -> DesiredState | None:
    """Take the row that has waited longest (or row `only`, if it is due); None if there is none.

    Nobody else gets it before the lease is over. The fence it carries is its newest.
    """
    params = {"owner": _me(), "lease": lease, "only": only}
    rows: list[DesiredState] = list(DesiredState.objects.raw(_CLAIM, params))
    return rows[0] if rows else None


@transaction.atomic
def record_settled(row: DesiredState, observed: Spec | None) -> None:
    """Record that the outside was read and is as `row` wants it.

    The effect's own transition comes first, so that locks are taken in the order in which
    decisions take them: the domain's row, then this one. Raises LostLease, undoing it, when
    another worker claimed the row or the spec was changed meanwhile.
    """
    row.observed = observed
    effect_for(row.kind).settled(row)
    params = {
        "id": row.pk,
        "fence": row.fence,
        "generation": row.generation,
        "observed": json.dumps(observed),
    }
    if not _execute(_SETTLE, params):
        raise LostLease(f"{row} was claimed or changed by another meanwhile")
    audit.record(
        "effect.settled", row, by=None, kind=row.kind, key=row.key, generation=row.generation
    )


def record_failure(row: DesiredState, error: str, pause: timedelta) -> bool:
    """Give the row back, to be tried again after `pause`; at once if its spec was changed.

    Returns False when another worker has it by now.
    """
    params = {
        "id": row.pk,
        "fence": row.fence,
        "generation": row.generation,
        "error": error[:ERROR_LENGTH],
        "pause": pause,
    }
    return _execute(_RELEASE, params)


def backoff(attempts: int) -> timedelta:
    """How long to wait after the n-th failure in a row: 5 s, doubled each time, to 15 min."""
    doublings = min(max(attempts - 1, 0), 16)
    return min(FIRST_RETRY * (1 << doublings), LONGEST_RETRY)


def reconcile_one(*, only: int | None = None, lease: timedelta = LEASE) -> DesiredState | None:
    """Claim one due row and make the outside match it. Returns the row, or None if none is due.

    Never raises for what the outside does: the error is stored on the row and retried.
    """
    row = claim(only=only, lease=lease)
    if row is None:
        return None
    try:
        record_settled(row, _make_true(row))
    except LostLease as lost:
        log.info("%s", lost)
        record_failure(row, "", timedelta(0))  # ours still if only the spec was changed
    except Waiting as waiting:
        record_failure(row, str(waiting), LOOK_AGAIN)
    except Exception as error:  # whatever the outside or its client does
        log.warning("%s not applied: %s", row, error, exc_info=True)
        record_failure(row, f"{type(error).__name__}: {error}", backoff(row.attempts))
    return row


def reconcile_due(limit: int = 100) -> int:
    """Work through what is due, at most `limit` claims. Returns how many were claimed."""
    done = 0
    while done < limit and reconcile_one() is not None:
        done += 1
    return done


@transaction.atomic
def retry_now(row: DesiredState, *, by: User) -> DesiredState:
    """Have a waiting row tried at once. Raises PermissionDenied, or WrongState when settled."""
    row = DesiredState.objects.select_for_update().get(pk=row.pk)
    policies.can_retry_effects(by).require()
    if row.settled:
        raise WrongState(_("The other system already matches. There is nothing to try again."))
    row.attempts = 0
    row.save(update_fields=["attempts", "changed_at"])
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE consortium_desiredstate SET next_at = clock_timestamp() WHERE id = %s",
            [row.pk],
        )
    audit.record("effect.retried", row, by=by, kind=row.kind, key=row.key)
    nudge("consortium.reconcile", row.pk)
    row.refresh_from_db()
    return row


def _make_true(row: DesiredState) -> Spec | None:
    """Read, apply the difference, read back. Returns what was read last."""
    effect = effect_for(row.kind)
    observed = effect.observe(row.key, row.spec)
    if effect.satisfied(row.spec, observed):
        return observed
    effect.apply(row.key, row.spec, observed)
    observed = effect.observe(row.key, row.spec)
    if not effect.satisfied(row.spec, observed):
        raise NotSatisfied(f"after applying, the outside reads {json.dumps(observed)}")
    return observed


def _execute(sql: str, params: dict[str, Any]) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return bool(cursor.rowcount)


def _me() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"[:80]
