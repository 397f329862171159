"""What every change to a draft shares: the lock, the version, and the record of the save."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from django.utils import timezone
from django.utils.translation import gettext as _

from compute_grants.models import Proposal, ProposalSection
from compute_grants.policies import proposals as policy
from consortium import audit
from consortium.errors import DomainError
from consortium.models import User


class NotEditable(DomainError):
    """Neither a draft nor returned for correction."""


def editable(proposal: Proposal, by: User) -> Proposal:
    """The proposal, locked, if `by` may edit it now. Raises PermissionDenied or NotEditable."""
    proposal = (
        Proposal.objects.select_for_update(of=("self",)).select_related("call").get(pk=proposal.pk)
    )
    policy.can_edit(by, proposal).require()
    if not proposal.editable:
        raise NotEditable(
            _("This proposal is “%(state)s”, so its text is fixed.")
            % {"state": proposal.get_state_display()}
        )
    return proposal


def saved(
    proposal: Proposal,
    *,
    sections: Iterable[str],
    changed: Collection[str],
    by: User,
    fields: Collection[str] = (),
) -> Proposal:
    """Count the version, mark the sections as saved by `by`, and write it into the history.

    `changed`: what changed, as the history names it; `fields`: the proposal's own among them.
    Expects the row as `editable` gives it.
    """
    proposal.version += 1
    proposal.saved_at = timezone.now()
    proposal.save(update_fields=["version", "saved_at", *fields])
    for name in set(sections):
        ProposalSection.objects.update_or_create(
            proposal=proposal,
            name=name,
            defaults={
                "version": proposal.version,
                "saved_at": proposal.saved_at,
                "saved_by": by,
                "returned_at": None,
            },
        )
    audit.record(
        "proposal.saved", proposal, by=by, version=proposal.version, changed=sorted(changed)
    )
    return proposal


def newer_than(proposal: Proposal, sections: Iterable[str], version: int) -> bool:
    """Whether one of these sections was saved after the form of this `version` was opened."""
    if version > proposal.version:
        return True
    rows = proposal.sections.filter(name__in=set(sections), version__gt=version)
    return bool(rows.exists())
