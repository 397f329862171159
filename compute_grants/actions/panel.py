"""The panel's acts: rank; and award, reject, waitlist, the steps that a published set takes.

Pages and the API reach these steps through actions.decision_sets only: two people sign.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import Count, F, Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from compute_grants.actions import allocations, award_letters, waitlist_places
from compute_grants.models import (
    AwardLine,
    Call,
    PanelDecision,
    Proposal,
    ResourceRequest,
    ReviewAssignment,
)
from compute_grants.policies import proposals as proposal_policy
from compute_grants.policies import reviews as policy
from compute_grants.policies.award_terms import latest_end
from consortium import audit
from consortium.actions import ledger
from consortium.actions.notices import notify
from consortium.errors import DomainError, Invalid, WrongState
from consortium.models import User
from consortium.states import require_transition

State = Proposal.State
Outcome = PanelDecision.Outcome


class NotYetDeciding(DomainError):
    """The call still takes proposals, or is over."""


class NothingToRank(DomainError):
    """No proposal has all its reviews."""


class AboveCap(DomainError):
    """More than the centre found feasible, or more than was asked."""


class NotEnoughBudget(DomainError):
    """The call has less time left than would be awarded."""


class StillFeasible(DomainError):
    """Only what no centre can run is turned down without peer review."""


@transaction.atomic
def rank(call: Call, *, by: User) -> int:
    """Put every proposal with all its reviews on the ranking. Returns how many were added.

    Raises PermissionDenied, NotYetDeciding, or NothingToRank.
    """
    call = Call.objects.select_for_update().get(pk=call.pk)
    policy.can_rank(by, call).require()
    require_deciding(call)
    ready = list(
        Proposal.objects.select_for_update(of=("self",))
        .filter(pk__in=_reviewed(call).values("pk"))
        .order_by("pk")
    )
    if not ready:
        raise NothingToRank(_("No further proposal has all its reviews in."))
    for proposal in ready:
        require_transition(Proposal.TRANSITIONS, proposal.state, State.RANKED)
        proposal.state = State.RANKED
        proposal.save(update_fields=["state"])
        audit.record("proposal.ranked", proposal, by=by)
    return len(ready)


def _reviewed(call: Call) -> QuerySet[Proposal]:
    """Of rounds that have closed: in peer review, enough reviews in and none still expected."""
    return (
        call.proposals.of_closed_rounds()
        .filter(state=State.PEER_REVIEW)
        .with_needed()
        .annotate(
            done=Count("assignments", filter=Q(assignments__state="submitted")),
            waiting=Count("assignments", filter=Q(assignments__state__in=ReviewAssignment.WAITING)),
        )
        .filter(waiting=0, done__gte=F("needed"))
        .exclude(rebuttal_window__until__gt=timezone.now())
    )


def require_deciding(call: Call) -> None:
    """Raises NotYetDeciding."""
    if not call.decides_now():
        raise NotYetDeciding(
            _("This call is “%(state)s”. Its panel decides while it is in review.")
            % {"state": call.get_state_display()}
        )


def _decidable(proposal: Proposal, to: Proposal.State, by: User) -> Proposal:
    """The proposal, locked, if `by` may move it to `to` now."""
    rows = Proposal.objects.select_for_update(of=("self",))
    proposal = rows.select_related("call", "lead", "institution", "access_type").get(pk=proposal.pk)
    policy.can_decide(by, proposal).require()
    if proposal.state == State.TECHNICAL_REVIEW:
        raise WrongState(_("The centres have not judged this proposal yet."))
    require_transition(Proposal.TRANSITIONS, proposal.state, to)
    if proposal.state != State.WAITLISTED:
        require_deciding(proposal.call)
    return proposal


@transaction.atomic
def award(
    proposal: Proposal,
    *,
    seconds: Mapping[int, int],
    starts_on: date,
    ends_on: date,
    reason: str,
    by: User,
    binding: Sequence[Mapping[str, Any]] = (),
    terms_accepted: bool = True,
) -> PanelDecision:
    """Award time: `seconds` by request id, in each request's unit; requests left out get none.

    binding: the limits that bound it in an award run, if it follows one.
    terms_accepted: False where its lead is asked to accept first, and the grants stay shut.
    Moves the time from the call's budget to one allocation per request. Raises
    PermissionDenied, WrongState, NotYetDeciding, Invalid, AboveCap, or NotEnoughBudget when
    the call has less left, whoever else awards at the same moment.
    """
    proposal = _decidable(proposal, State.AWARDED, by)
    requests = awarded_requests(proposal, seconds)
    require_term(proposal, starts_on, ends_on)
    decision = _decide(
        proposal,
        Outcome.AWARDED,
        reason,
        by=by,
        dates=(starts_on, ends_on),
        binding=binding,
    )
    for request in requests:
        AwardLine.objects.create(decision=decision, request=request, seconds=seconds[request.pk])
        _allocate(request, seconds[request.pk], decision, by, terms_accepted=terms_accepted)
    return decision


def require_term(proposal: Proposal, starts_on: date, ends_on: date) -> None:
    """Raises Invalid where it ends before it starts, or later than its access type lets it."""
    if ends_on <= starts_on:
        raise Invalid({"ends_on": [_("The time must end after it starts.")]})
    latest = latest_end(proposal, starts_on)
    if latest and ends_on > latest:
        message = _(
            "%(number)s: its access type gives time until %(latest)s at most. "
            "Choose an earlier last day."
        )
        facts = {"number": proposal.number, "latest": date_format(latest)}
        raise Invalid({"ends_on": [message % facts]})


def _allocate(
    request: ResourceRequest,
    seconds: int,
    decision: PanelDecision,
    by: User,
    *,
    terms_accepted: bool,
) -> None:
    assert decision.starts_on
    assert decision.ends_on
    try:
        allocations.create(
            proposal=decision.proposal,
            resource=request.resource,
            seconds=seconds,
            starts_on=decision.starts_on,
            ends_on=decision.ends_on,
            by=by,
            terms_accepted=terms_accepted,
        )
    except ledger.Overdrawn as error:
        message = _("The call has %(hours)s hours left on %(machine)s. Award no more, or waitlist.")
        facts = {
            "hours": f"{error.available // 3600:,}",
            "machine": request.resource.machine.name,
        }
        raise NotEnoughBudget(message % facts) from error


def awarded_requests(proposal: Proposal, seconds: Mapping[int, int]) -> list[ResourceRequest]:
    """The requests that get time, by resource: awards that lock in one order never deadlock.

    Raises Invalid, AboveCap.
    """
    rows = proposal.requests.select_related("resource__machine", "technical_review").order_by(
        "resource_id"
    )
    requests = [row for row in rows if seconds.get(row.pk, 0) > 0]
    if not requests or set(seconds) - {row.pk for row in rows}:
        raise Invalid({"": [_("Award time on at least one of the machines that were asked.")]})
    for request in requests:
        request.technical_review.request = request
        ceiling = min(request.seconds, request.technical_review.ceiling)
        if seconds[request.pk] > ceiling:
            message = _(
                "%(number)s: on %(machine)s at most %(hours)s hours are asked and feasible. "
                "Award no more."
            )
            facts = {
                "number": proposal.number,
                "hours": f"{ceiling // 3600:,}",
                "machine": request.resource.machine.name,
            }
            raise AboveCap(message % facts)
    return requests


@transaction.atomic
def reject(
    proposal: Proposal, *, reason: str, by: User, binding: Sequence[Mapping[str, Any]] = ()
) -> PanelDecision:
    """Turn a ranked or waitlisted proposal down. binding: as for an award."""
    proposal = _decidable(proposal, State.REJECTED, by)
    return _decide(proposal, Outcome.REJECTED, reason, by=by, binding=binding)


@transaction.atomic
def waitlist(
    proposal: Proposal, *, reason: str, by: User, binding: Sequence[Mapping[str, Any]] = ()
) -> PanelDecision:
    """Keep a ranked proposal in case time comes back: it takes its place on the call's list."""
    proposal = _decidable(proposal, State.WAITLISTED, by)
    decision = _decide(proposal, Outcome.WAITLISTED, reason, by=by, binding=binding)
    waitlist_places.enter(proposal)
    return decision


@transaction.atomic
def reject_infeasible(proposal: Proposal, *, reason: str, by: User) -> PanelDecision:
    """Turn down what no centre can run. By one of the R&D office, before any review.

    Its lead gets a letter as after a panel's rejection; lead and team are told.
    """
    rows = Proposal.objects.select_for_update(of=("self",))
    proposal = rows.select_related("call", "lead", "institution").get(pk=proposal.pk)
    proposal_policy.can_check(by, proposal).require()
    require_transition(Proposal.TRANSITIONS, proposal.state, State.REJECTED)
    verdicts = set(proposal.requests.values_list("technical_review__verdict", flat=True))
    if verdicts != {"infeasible"}:
        raise StillFeasible(_("A centre can run part of this, or has not answered yet."))
    decision = _decide(proposal, Outcome.REJECTED, reason, by=by)
    award_letters.issue(decision, [(by, decision.decided_at)], office=True)
    notify(
        "proposal.rejected_infeasible",
        to=[proposal.lead, *(member.user for member in proposal.confirmed_team if member.user)],
        about=proposal,
        href=reverse("compute_grants:decision_receipt", args=[proposal.number]),
        number=proposal.number,
    )
    return decision


def _decide(
    proposal: Proposal,
    outcome: PanelDecision.Outcome,
    reason: str,
    *,
    by: User,
    dates: tuple[date | None, date | None] = (None, None),
    binding: Sequence[Mapping[str, Any]] = (),
) -> PanelDecision:
    proposal.state = State(outcome.value)
    proposal.save(update_fields=["state"])
    decision = PanelDecision.objects.create(
        proposal=proposal,
        outcome=outcome,
        reason=reason,
        starts_on=dates[0],
        ends_on=dates[1],
        binding=list(binding),
        decided_by=by,
    )
    audit.record(f"proposal.{outcome.value}", proposal, by=by, decision=decision.pk)
    return decision
