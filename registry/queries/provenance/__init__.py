"""The whole chain behind a licence, each link with evidence that is recomputed, not echoed.

The page, the API and `manage.py provenance` show the same links.
"""

from __future__ import annotations

from typing import Any

from registry.models import Licence
from registry.queries.provenance.audited import audit_link
from registry.queries.provenance.deployment import (
    gate_link,
    licence_link,
    metered_link,
    offering_link,
    receipts_link,
)
from registry.queries.provenance.links import Evidence, Link, Subject
from registry.queries.provenance.research import (
    allocation_link,
    checkpoint_link,
    release_link,
    training_link,
    usage_link,
)

__all__ = ["Evidence", "Link", "as_json", "holds", "provenance"]

_LINKS = (
    *(allocation_link, usage_link, training_link, checkpoint_link, release_link),
    *(gate_link, offering_link, licence_link, metered_link, receipts_link, audit_link),
)


def provenance(licence: Licence, *, hash_files: bool = False) -> list[Link]:
    """Every link from the allocation to the shares of income.

    hash_files: read every byte of the model again, however large; else only small models are
    read and of larger ones the sizes are compared.
    """
    subject = Subject.of(licence, hash_files=hash_files)
    return [link(subject) for link in _LINKS]


def holds(links: list[Link]) -> bool:
    """Whether no link's evidence fails."""
    return all(link.ok is not False for link in links)


def as_json(licence: Licence, links: list[Link]) -> dict[str, Any]:
    """The chain for programs: {"licence", "ok", "links"}."""
    return {
        "licence": licence.number,
        "ok": holds(links),
        "links": [link.as_json() for link in links],
    }
