"""A new draft from an earlier proposal of one's own."""

from __future__ import annotations

from collections.abc import Iterator

from django.db import transaction

from compute_grants.actions.drafting import saved
from compute_grants.actions.proposals import request_errors, start
from compute_grants.models import (
    Attachment,
    Call,
    Proposal,
    ResourceRequest,
    ScalingPoint,
    SectionName,
)
from compute_grants.models.proposal_sections import TEXTS
from compute_grants.policies import proposals as policy
from consortium import audit
from consortium.models import Institution, StoredFile, User


@transaction.atomic
def clone(source: Proposal, *, call: Call, institution: Institution, by: User) -> Proposal:
    """A draft under `call` with the texts, measurements and files of `source`.

    Requests are taken over where the call offers as much there. The team is asked anew, and the
    kind of access chosen anew; reviews and decisions stay where they are. Raises
    PermissionDenied or CallNotOpen.
    """
    policy.can_clone(by, source).require()
    texts = {name: getattr(source, name) for name in TEXTS}
    proposal = start(call, institution=institution, by=by, **texts)
    requests = list(_requests(source, proposal))
    ResourceRequest.objects.bulk_create(requests)
    ScalingPoint.objects.bulk_create(
        ScalingPoint(
            proposal=proposal,
            machine=point.machine,
            precision=point.precision,
            width=point.width,
            milliseconds=point.milliseconds,
        )
        for point in source.scaling.all()
    )
    _copy_files(source, proposal, by)
    audit.record("proposal.cloned", proposal, by=by, source=source.number)
    named = [SectionName.SUMMARY, SectionName.SCIENCE, SectionName.SOFTWARE, SectionName.DATA]
    return saved(proposal, sections=named, changed=["clone"], by=by)


def _requests(source: Proposal, proposal: Proposal) -> Iterator[ResourceRequest]:
    """Those that the new call's rules allow."""
    for row in source.requests.select_related("resource__machine"):
        if not request_errors(proposal.call, row.resource, row.precision, row.seconds, row.cards):
            row.pk = None
            row.proposal = proposal
            yield row


def _copy_files(source: Proposal, proposal: Proposal, by: User) -> None:
    """New rows over the same bytes; the old rows are held, so that the bytes stay meanwhile."""
    kept = StoredFile.objects.select_for_update()
    for row in source.attachments.current():
        stored = kept.get(pk=row.file_id)
        stored.pk = None
        stored.stored_by = by
        stored.save(force_insert=True)
        Attachment.objects.create(
            proposal=proposal, section=row.section, file=stored, caption=row.caption, added_by=by
        )
