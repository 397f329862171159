"""The format of audit seals, and the check that finds any edit, deletion or reorder."""

import json
from collections.abc import Iterator
from datetime import UTC
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from consortium import merkle
from consortium.models import AuditEvent, AuditLeaf, AuditSeal

KEY = "audit"
GENESIS = "0" * 64


def event_bytes(event: AuditEvent) -> bytes:
    """The canonical bytes of one event as the database holds it."""
    return merkle.canonical(
        {
            "id": event.pk,
            "at": event.at.astimezone(UTC).isoformat(timespec="microseconds"),
            "action": event.action,
            "actor_id": event.actor_id,
            "actor_name": event.actor_name,
            "target_type": event.target_type,
            "target_id": event.target_id,
            "detail": event.detail,
            "request_id": event.request_id,
        }
    )


def seal_digest(seal: AuditSeal) -> str:
    return merkle.leaf(merkle.canonical(seal.claims()))


def published(path: Path) -> list[dict[str, Any]]:
    """The seals in the published file. A torn last line, from a crash, is left out."""
    if not path.exists():
        return []
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    return [json.loads(line) for line in lines if line.endswith("\n")]


def _signed(seal: AuditSeal, public_key: bytes) -> bool:
    try:
        signature = bytes.fromhex(seal.signature)
        key = Ed25519PublicKey.from_public_bytes(public_key)
        key.verify(signature, merkle.canonical(seal.claims()))
    except (InvalidSignature, ValueError):
        return False
    return True


def _leaves_wrong(seal: AuditSeal, leaves: list[AuditLeaf]) -> Iterator[str]:
    if [leaf.position for leaf in leaves] != list(range(seal.count)):
        yield f"seal {seal.number}: it covers {seal.count} events, {len(leaves)} leaves are there"
        return
    if merkle.root([leaf.digest for leaf in leaves]) != seal.root:
        yield f"seal {seal.number}: the leaves do not give its root"
    events = AuditEvent.objects.in_bulk([leaf.event_id for leaf in leaves])
    for leaf in leaves:
        event = events.get(leaf.event_id)
        if event is None:
            yield f"event {leaf.event_id}: deleted after seal {seal.number}"
        elif merkle.leaf(event_bytes(event)) != leaf.digest:
            yield f"event {leaf.event_id}: changed after seal {seal.number}"


def _chain_wrong(public_key: bytes) -> Iterator[str]:
    previous, number = GENESIS, 0
    for seal in AuditSeal.objects.order_by("number").iterator(chunk_size=200):
        number += 1
        if seal.number != number:
            yield f"seal {number}: missing"
            number = seal.number
        if seal.previous != previous:
            yield f"seal {seal.number}: does not follow the seal before it"
        if not _signed(seal, public_key):
            yield f"seal {seal.number}: the signature is not ours"
        yield from _leaves_wrong(seal, list(seal.leaves.order_by("position")))
        previous = seal_digest(seal)


def _unsealed_wrong() -> Iterator[str]:
    """Events that a seal should have covered but does not: put in afterwards."""
    last = AuditSeal.objects.order_by("-number").first()
    if last is None:
        return
    leaves = AuditLeaf.objects.values("event_id")
    late = AuditEvent.objects.filter(xid__lt=last.horizon).exclude(pk__in=leaves)
    for pk in late.order_by("pk").values_list("pk", flat=True):
        yield f"event {pk}: put in behind seal {last.number}"


def _file_wrong(path: Path) -> Iterator[str]:
    stored = {seal.number: seal for seal in AuditSeal.objects.all()}
    for line in published(path):
        seal = stored.get(line["number"])
        if seal is None:
            yield f"seal {line['number']}: published, but no longer in the database"
        elif seal.claims() | {"key_id": seal.key_id, "signature": seal.signature} != line:
            yield f"seal {line['number']}: differs from what was published"


def wrong(public_key: bytes, path: Path) -> Iterator[str]:
    """Every difference between the log, its seals and the published file; none is clean.

    public_key: the 32 raw bytes of the auditor's copy of the seal key.
    """
    yield from _chain_wrong(public_key)
    yield from _unsealed_wrong()
    yield from _file_wrong(path)
