"""Technical reviews by the centres."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from compute_grants.models import (
    AccessType,
    Proposal,
    ResourceRequest,
    TechnicalCheck,
    TechnicalReview,
)
from compute_grants.policies import reviews as policy
from compute_grants.queries.technical import found_by_portal
from consortium import audit
from consortium.actions.notices import notify
from consortium.errors import DomainError, Invalid
from consortium.models import ArmAppointment, User
from consortium.queries import staff_of
from consortium.states import require_transition

State = Proposal.State
Verdict = TechnicalReview.Verdict
Item = TechnicalCheck.Item
Result = TechnicalCheck.Result


class NotUnderReview(DomainError):
    """The proposal is not at the step this belongs to."""


@dataclass(frozen=True, slots=True)
class Finding:
    """The answer to one line of the checklist: TechnicalCheck.Result, and why if not in order."""

    result: str
    note: str = ""


@transaction.atomic
def judge_feasibility(
    request: ResourceRequest,
    *,
    verdict: str,
    reason: str,
    by: User,
    cap_seconds: int | None = None,
    checks: Mapping[str, Finding] | None = None,
) -> TechnicalReview:
    """The centre's word on one request; again to correct it while the proposal is with the centres.

    `cap_seconds` belongs to "partly" and to nothing else. `checks` by TechnicalCheck.Item; what
    is left out stands as the portal itself found it, or is not stated. With the last request
    answered the proposal moves on, to review or where its access type asks for none to the
    panel's ranking, unless nothing in it is feasible. Raises PermissionDenied, NotUnderReview,
    Invalid.
    """
    rows = Proposal.objects.select_for_update(of=("self",)).select_related("access_type")
    proposal = rows.get(pk=request.proposal_id)
    request = ResourceRequest.objects.select_related("proposal__call", "resource__machine").get(
        pk=request.pk
    )
    policy.can_judge_feasibility(by, request).require()
    if proposal.state != State.TECHNICAL_REVIEW:
        raise NotUnderReview(_("This proposal is not in technical review."))
    _check_cap(request, verdict, cap_seconds)
    _check_list(verdict, checks or {})
    review, _new = TechnicalReview.objects.update_or_create(
        request=request,
        defaults={
            "verdict": verdict,
            "cap_seconds": cap_seconds,
            "reason": reason,
            "reviewed_by": by,
            "reviewed_at": timezone.now(),
        },
    )
    results = _keep_list(review, request, checks or {})
    audit.record(
        "proposal.technically_reviewed",
        proposal,
        by=by,
        machine=request.resource.machine.code,
        verdict=verdict,
        cap_seconds=cap_seconds,
        checks=results,
    )
    _move_on(proposal, by)
    return review


def _check_cap(request: ResourceRequest, verdict: str, cap_seconds: int | None) -> None:
    if verdict == Verdict.PARTLY:
        if not cap_seconds or cap_seconds >= request.seconds:
            raise Invalid({"cap_hours": [_("Give a cap above zero and below what is asked.")]})
    elif cap_seconds is not None:
        raise Invalid({"cap_hours": [_("A cap belongs only to “partly feasible”.")]})


def _check_list(verdict: str, checks: Mapping[str, Finding]) -> None:
    """The answers are known ones, say why, and do not contradict the verdict."""
    errors: dict[str, list[str]] = {}
    for item, finding in checks.items():
        if item not in Item or finding.result not in Result:
            errors[""] = [_("The checklist has no such line or answer.")]
        elif finding.result != Result.OK and not finding.note.strip():
            errors[f"note_{item}"] = [_("Say what is not in order here.")]
    results = {finding.result for finding in checks.values()}
    if verdict == Verdict.FEASIBLE and Result.FAIL in results:
        errors["verdict"] = [
            _("A line of the checklist fails. Choose partly or not feasible, or correct the line.")
        ]
    if verdict != Verdict.FEASIBLE and set(checks) == set(Item) and results == {Result.OK}:
        errors["verdict"] = [
            _("Every line is in order. Say in the checklist what is not, or find it feasible.")
        ]
    if errors:
        raise Invalid(errors)


def _keep_list(
    review: TechnicalReview, request: ResourceRequest, checks: Mapping[str, Finding]
) -> dict[str, str]:
    """Store the checklist anew; returns the result of each line."""
    portal = {
        item: Finding(found.result, found.note) for item, found in found_by_portal(request).items()
    }
    rows = portal | dict(checks)
    review.checks.all().delete()
    TechnicalCheck.objects.bulk_create(
        TechnicalCheck(review=review, item=item, result=rows[item].result, note=rows[item].note)
        for item in Item
        if item in rows
    )
    return {str(item): str(found.result) for item, found in rows.items()}


def _move_on(proposal: Proposal, by: User) -> None:
    """Once every request is answered and one is feasible at least in part."""
    answers = proposal.requests.values_list("technical_review__verdict", flat=True)
    verdicts = set(answers)
    if None in verdicts:
        return
    if verdicts == {Verdict.INFEASIBLE}:
        notify(
            "proposal.found_infeasible",
            to=staff_of(ArmAppointment.Office.RESEARCH),
            about=proposal,
            besides=by,
            number=proposal.number,
        )
        return
    to, event = _NEXT[proposal.depth]
    require_transition(Proposal.TRANSITIONS, proposal.state, to)
    proposal.state = to
    proposal.save(update_fields=["state"])
    audit.record(event, proposal, by=by)
    notify(event, to=[proposal.lead], about=proposal, number=proposal.number)


_NEXT = {
    AccessType.Depth.PEER: (State.PEER_REVIEW, "proposal.in_peer_review"),
    AccessType.Depth.INTERNAL: (State.PEER_REVIEW, "proposal.in_internal_review"),
    AccessType.Depth.TECHNICAL: (State.RANKED, "proposal.ranked_unreviewed"),
}
