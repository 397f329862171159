"""What a set of decisions says, word for word: what its signatories sign."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

from compute_grants.models import DecisionItem, DecisionSet
from consortium import merkle


def content_of(found: DecisionSet, items: Iterable[DecisionItem] | None = None) -> dict[str, Any]:
    """The set as plain data, its items in order, seconds by request id.

    items: all of the set's, in order, with their lines, where they are loaded; else two queries.
    Expects found.call loaded.
    """
    if items is None:
        rows = found.items.select_related("proposal").prefetch_related("lines")
        items = rows.order_by("position")
    return {
        "number": found.number,
        "call": found.call.code,
        "note": found.note,
        "items": [_item(item) for item in items],
    }


def sha256_of(found: DecisionSet, items: Iterable[DecisionItem] | None = None) -> str:
    """Of the canonical JSON of `content_of`."""
    return hashlib.sha256(merkle.canonical(content_of(found, items))).hexdigest()


def _item(item: DecisionItem) -> dict[str, Any]:
    said = {
        "proposal": item.proposal.number,
        "outcome": item.outcome,
        "seconds": {str(line.request_id): line.seconds for line in item.lines.all()},
        "starts_on": item.starts_on.isoformat() if item.starts_on else None,
        "ends_on": item.ends_on.isoformat() if item.ends_on else None,
        "reason": item.reason,
        "override_reason": item.override_reason,
    }
    return said | ({"binding": item.binding} if item.binding else {})
