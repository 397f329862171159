"""The last link: that the audit log's events of this chain are sealed and unchanged."""

from __future__ import annotations

from django.db.models import Q
from django.utils.translation import gettext as _

from consortium import merkle, seals
from consortium.models import AuditEvent, AuditLeaf
from registry.queries.provenance.links import Evidence, Link, Subject


def audit_link(subject: Subject) -> Link:
    events = list(_events(subject))
    leaves = AuditLeaf.objects.in_bulk([event.pk for event in events])
    changed = [
        event.pk
        for event in events
        if event.pk in leaves and merkle.leaf(seals.event_bytes(event)) != leaves[event.pk].digest
    ]
    numbers = {leaf.seal_id for leaf in leaves.values()}
    facts = (
        Evidence("events", _("Events of this chain"), str(len(events)), ok=bool(events)),
        Evidence(
            "sealed",
            _("Sealed"),
            _("%(sealed)s of %(all)s, under %(seals)s seals")
            % {"sealed": len(leaves), "all": len(events), "seals": len(numbers)},
        ),
        Evidence(
            "unchanged",
            _("Hashed again"),
            _("unchanged") if not changed else ", ".join(map(str, changed)),
            ok=not changed,
        ),
    )
    return Link("audit", _("Audit log"), _("Who did what, and when"), "", "", facts)


def _events(subject: Subject) -> list[AuditEvent]:
    """The events of everything in the chain."""
    receipts = subject.licence.receipts.select_related("statement")
    rows = [
        *(subject.licence, subject.offering, subject.gate, subject.release, subject.checkpoint),
        *([subject.allocation] if subject.allocation else []),
        *receipts,
        *(receipt.statement for receipt in receipts),
    ]
    wanted = Q()
    for row in rows:
        wanted |= Q(target_type=row._meta.label_lower, target_id=str(row.pk))
    return list(AuditEvent.objects.filter(wanted).order_by("pk"))
