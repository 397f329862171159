"""Sealing the audit log: a signed Merkle root over each minute's events.

The chain of seals is what makes an edit, a deletion or a reorder findable; publishing each
seal to a file that leaves the host is what makes cutting off the end findable.
"""

import hashlib
import os
from pathlib import Path

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from consortium import merkle
from consortium.backends.signer import signer
from consortium.models import AuditEvent, AuditLeaf, AuditSeal
from consortium.seals import GENESIS, KEY, event_bytes, published, seal_digest

MOST = 50_000


# The server's oldest running transaction: of whatever database, MLflow's among them.
_OLDEST_OF_SERVER = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
# Ids that are given after `ceiling` was read are not below it; those given before are either
# still listed or have ended. The lists show 32 of their 64 bits: the rest is the ceiling's.
_OLDEST_OF_DATABASE = """
    WITH now AS MATERIALIZED (
        SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS ceiling
    ), running AS (
        SELECT backend_xid::text::bigint AS xid FROM pg_stat_activity
        WHERE datname = current_database()
        UNION ALL
        SELECT transaction::text::bigint FROM pg_prepared_xacts
        WHERE database = current_database()
    )
    SELECT ceiling - coalesce(
        (SELECT max((ceiling - xid) & 4294967295) FROM running WHERE xid IS NOT NULL), 0)
    FROM now
"""


def _oldest_running() -> int:
    """The id below which every transaction of this database has ended.

    Without the right to see others' transactions, the server's oldest one: safe, but a long
    transaction in another database then delays the seals.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_has_role(current_user, 'pg_read_all_stats', 'USAGE')")
        seeing = cursor.fetchone() == (True,)
        cursor.execute(_OLDEST_OF_DATABASE if seeing else _OLDEST_OF_SERVER)
        row = cursor.fetchone()
    return int(row[0])


def _ripe(last: AuditSeal | None, horizon: int) -> list[AuditEvent]:
    """Unsealed events whose transactions have all ended, in the order of those transactions.

    Identity order is not commit order: an event below the highest id may still appear, so
    only transactions older than every running one are taken. After a restore into a new
    cluster ids start low again; then the lower bound does not hold and is dropped.
    """
    events = AuditEvent.objects.filter(xid__lt=horizon)
    if last is not None and last.horizon <= horizon:
        events = events.filter(xid__gte=last.horizon)
    sealed = AuditLeaf.objects.values("event_id")
    return list(events.exclude(pk__in=sealed).order_by("xid", "pk")[:MOST])


@transaction.atomic
def _seal_once() -> AuditSeal | None:
    """One seal, or None when nothing is ripe. Two sealers at once: the second fails on the
    unique number and nothing is lost."""
    last = AuditSeal.objects.order_by("-number").first()
    horizon = _oldest_running()
    events = _ripe(last, horizon)
    if not events:
        return None
    if len(events) == MOST:
        horizon = events[-1].xid
    digests = [merkle.leaf(event_bytes(event)) for event in events]
    seal = AuditSeal(
        number=last.number + 1 if last else 1,
        sealed_at=timezone.now(),
        count=len(events),
        root=merkle.root(digests),
        previous=seal_digest(last) if last else GENESIS,
        horizon=horizon,
        key_id=hashlib.sha256(signer().ensure(KEY)).hexdigest()[:16],
    )
    seal.signature = signer().sign(KEY, merkle.canonical(seal.claims())).hex()
    seal.save(force_insert=True)
    AuditLeaf.objects.bulk_create(
        AuditLeaf(event_id=event.pk, seal=seal, position=position, digest=digest)
        for position, (event, digest) in enumerate(zip(events, digests, strict=True))
    )
    return seal


def publish(path: Path) -> int:
    """Append the seals that the file lacks, in order; returns how many. Safe to repeat."""
    path.parent.mkdir(parents=True, exist_ok=True)
    have = published(path)
    newest = have[-1]["number"] if have else 0
    missing = AuditSeal.objects.filter(number__gt=newest).order_by("number")
    torn = path.exists() and not path.read_bytes().endswith(b"\n") and path.stat().st_size > 0
    with path.open("ab") as file:
        if torn:
            file.truncate(sum(len(line) for line in path.read_bytes().splitlines(True)[:-1]))
        for seal in missing:
            line = seal.claims() | {"key_id": seal.key_id, "signature": seal.signature}
            file.write(merkle.canonical(line) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    return len(missing)


def seal() -> int:
    """Seal whatever is ripe and publish. Returns the number of new seals."""
    made = 0
    while _seal_once() is not None:
        made += 1
    publish(settings.AUDIT_SEAL_FILE)
    return made
