"""Everything that changes a proposal until it is with its reviewers."""

from collections.abc import Collection
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from compute_grants.actions import late_reports
from compute_grants.actions.drafting import NotEditable, editable, newer_than, saved
from compute_grants.models import (
    AccessType,
    Call,
    CallRound,
    PeakRate,
    Proposal,
    ProposalSection,
    Resource,
    ResourceRequest,
    ReviewAssignment,
    SectionName,
    Submission,
)
from compute_grants.models.proposal_sections import SECTION_OF, TEXTS
from compute_grants.policies import calls as call_policy
from compute_grants.policies import eligibility
from compute_grants.policies import proposals as policy
from compute_grants.queries.proposal_content import content, content_hash, lacking
from compute_grants.queries.request_checks import blocking
from consortium import audit
from consortium.actions.notices import notify
from consortium.errors import DomainError, Invalid, Stale
from consortium.models import Affiliation, Institution, User, in_force
from consortium.numbers import numbered
from consortium.states import require_transition

__all__ = [
    "TEXTS",
    "AlreadySubmitted",
    "CallNotOpen",
    "ChangedElsewhere",
    "NotEditable",
    "ask",
    "choose_access",
    "drop",
    "request_errors",
    "save",
    "send_back",
    "send_to_centres",
    "start",
    "submit",
    "withdraw",
]
State = Proposal.State
YEAR_SECONDS = 365 * 86_400


class CallNotOpen(DomainError):
    """Outside the call's window."""


class AlreadySubmitted(DomainError):
    """A second submission of what is submitted."""


class ChangedElsewhere(Stale):
    """The proposal was saved elsewhere since the form was opened.

    `now` is the proposal as it stands; `typed` what the refused form held.
    """

    def __init__(self, now: Proposal, typed: dict[str, Any]) -> None:
        super().__init__(
            _(
                "This proposal was changed elsewhere since you opened it. Compare the two texts "
                "and save the one you want to keep."
            )
        )
        self.now = now
        self.typed = typed

    @property
    def differences(self) -> list[str]:
        """Names of the fields whose stored text is not what was typed."""
        return [name for name, text in self.typed.items() if getattr(self.now, name) != text]


@transaction.atomic
def start(call: Call, *, institution: Institution, by: User, **texts: str) -> Proposal:
    """A new draft led by `by` for one of their institutions.

    Raises PermissionDenied or CallNotOpen.
    """
    eligibility.can_lead(by, call, institution).require()
    proposal = Proposal.objects.create(
        number=numbered("P", timezone.localdate().year),
        call=call,
        round=_open_round(call),
        lead=by,
        institution=institution,
        **texts,
    )
    audit.record("proposal.started", proposal, by=by, call=call.code)
    return proposal


def _open_round(call: Call) -> CallRound | None:
    """The round that is open now (None where the call has no rounds), or CallNotOpen."""
    now = timezone.now()
    window = call_policy.takes_proposals(call, now)
    if not window:
        raise CallNotOpen(str(window.reason))
    return call.round_at(now)


@transaction.atomic
def save(proposal: Proposal, *, version: int, by: User, **texts: str) -> Proposal:
    """Save some of the texts (TEXTS). `version` is the one the form was opened with.

    Saving what is already stored changes nothing, not even the version. Others may save other
    sections meanwhile. Raises PermissionDenied, NotEditable, or ChangedElsewhere where it would
    overwrite a newer text of the same section.
    """
    proposal = editable(proposal, by)
    changed = [name for name, text in texts.items() if getattr(proposal, name) != text]
    if not changed:
        return proposal
    sections = {SECTION_OF[name] for name in changed}
    if newer_than(proposal, sections, version):
        raise ChangedElsewhere(proposal, texts)
    for name in changed:
        setattr(proposal, name, texts[name])
    return saved(proposal, sections=sections, changed=changed, fields=changed, by=by)


@transaction.atomic
def ask(
    proposal: Proposal,
    *,
    resource: Resource,
    precision: str,
    seconds: int,
    cards: int,
    justification: str,
    by: User,
    runs: int | None = None,
    run_seconds: int | None = None,
    memory_bytes: int | None = None,
) -> ResourceRequest:
    """Ask for time on a resource, or change what was asked there.

    `runs` of `run_seconds` each by the clock and `memory_bytes` of one card or core let the
    request be checked. Raises PermissionDenied, NotEditable, or Invalid naming the field and
    the rule.
    """
    proposal = editable(proposal, by)
    errors = request_errors(proposal.call, resource, precision, seconds, cards)
    if errors:
        raise Invalid(errors)
    request, _new = ResourceRequest.objects.update_or_create(
        proposal=proposal,
        resource=resource,
        defaults={
            "precision": precision,
            "seconds": seconds,
            "cards": cards,
            "runs": runs,
            "run_seconds": run_seconds,
            "memory_bytes": memory_bytes,
            "justification": justification,
        },
    )
    saved(proposal, sections=[SectionName.RESOURCES], changed=["requests"], by=by)
    return request


@transaction.atomic
def choose_access(proposal: Proposal, *, access_type: AccessType | None, by: User) -> Proposal:
    """The kind of access asked for, one of the call's.

    Raises PermissionDenied (also where the type needs a benchmark award first), NotEditable, or
    Invalid for a type that the call does not offer.
    """
    proposal = editable(proposal, by)
    if access_type is not None:
        if not proposal.call.access_types.filter(pk=access_type.pk).exists():
            message = _("This call does not offer that kind of access. Choose one of the call's.")
            raise Invalid({"access_type": [message]})
        eligibility.may_use(proposal.lead, access_type).require()
    proposal.access_type = access_type
    return saved(
        proposal,
        sections=[SectionName.RESOURCES],
        changed=["access_type"],
        fields=["access_type"],
        by=by,
    )


def request_errors(
    call: Call, resource: Resource, precision: str, seconds: int, cards: int
) -> dict[str, list[str]]:
    """What is wrong with such a request: not offered, no such precision, more than there is."""
    errors: dict[str, list[str]] = {}
    machine = resource.machine
    budget = call.budgets.filter(resource=resource).first()
    if budget is None:
        errors["resource"] = [_("This call offers no time there. Choose a machine of the call.")]
    elif seconds > budget.seconds:
        message = _("The call offers %(hours)s hours there. Ask for no more than that.")
        errors["hours"] = [message % {"hours": f"{budget.seconds // 3600:,}"}]
    offered = _peaks(resource).filter(precision=precision)
    if not offered.exists():
        others = ", ".join(sorted(set(_peaks(resource).values_list("precision", flat=True))))
        message = _("%(machine)s states no peak at %(precision)s. It offers %(others)s.")
        errors["precision"] = [
            message % {"machine": machine.name, "precision": precision, "others": others or "–"}
        ]
    width = machine.cards if resource.tres == Resource.Tres.CARDS else machine.cores
    if cards > width:
        message = _("%(machine)s has %(width)s of them. Ask for no more at once.")
        errors["cards"] = [message % {"machine": machine.name, "width": f"{width:,}"}]
    elif cards and seconds > cards * YEAR_SECONDS:
        message = _("At this width the time takes more than a year. Ask for more at once, or less.")
        errors["cards"] = [message]
    return errors


def _peaks(resource: Resource) -> Any:
    """Peaks of the partitions that have what the resource gives time of."""
    peaks = PeakRate.objects.filter(partition__machine=resource.machine_id)
    if resource.tres == Resource.Tres.CARDS:
        return peaks.filter(partition__accelerators_per_node__gt=0)
    return peaks


@transaction.atomic
def drop(request: ResourceRequest, *, by: User) -> None:
    """Take back a request for time."""
    proposal = editable(request.proposal, by)
    request.delete()
    saved(proposal, sections=[SectionName.RESOURCES], changed=["requests"], by=by)


@transaction.atomic
def submit(proposal: Proposal, *, version: int | None = None, by: User) -> Submission:
    """Hand in a draft or a returned proposal, as it was read at `version` (None: as it is).

    Raises PermissionDenied, AlreadySubmitted, WrongState, ReportsLate, Stale, CallNotOpen after
    the deadline (one returned for correction may come back later), or Invalid for what is not
    filled in.
    """
    proposal = (
        Proposal.objects.select_for_update(of=("self",))
        .select_related("call", "lead", "institution", "access_type")
        .get(pk=proposal.pk)
    )
    policy.can_submit(by, proposal).require()
    late_reports.require_reports(by)
    _refuse_second(proposal)
    require_transition(Proposal.TRANSITIONS, proposal.state, State.SUBMITTED)
    if proposal.state == State.DRAFT:
        eligibility.can_lead(by, proposal.call, proposal.institution).require()
        proposal.round = _open_round(proposal.call)
    if version is not None and version != proposal.version:
        raise Stale(_("The proposal was changed since you checked it. Check your answers again."))
    errors = lacking(proposal)
    if refused := blocking(proposal):
        errors["requests"] = [*errors.get("requests", []), *refused]
    if errors:
        raise Invalid(errors)
    return _hand_in(proposal, by)


def _refuse_second(proposal: Proposal) -> None:
    if proposal.submitted_at and proposal.state not in {State.RETURNED, State.WITHDRAWN}:
        when = timezone.localtime(proposal.submitted_at)
        message = _(
            "This proposal was submitted at %(time)s Beijing time. It is in; nothing is lost."
        )
        raise AlreadySubmitted(message % {"time": f"{when:%Y-%m-%d %H:%M:%S}"})


def _hand_in(proposal: Proposal, by: User) -> Submission:
    data = content(proposal)
    digest = content_hash(data)
    now = timezone.now()
    proposal.state = State.SUBMITTED
    proposal.submitted_at = now
    proposal.content_hash = digest
    proposal.return_reason = ""
    fields = ["state", "round", "submitted_at", "content_hash", "return_reason"]
    proposal.save(update_fields=fields)
    proposal.sections.filter(returned_at__isnull=False).update(returned_at=None)
    submission, _new = Submission.objects.update_or_create(
        proposal=proposal,
        version=proposal.version,
        defaults={
            "content": data,
            "content_hash": digest,
            "submitted_by": by,
            "submitted_at": now,
        },
    )
    audit.record(
        "proposal.submitted", proposal, by=by, version=proposal.version, content_hash=digest
    )
    return submission


def _checked(proposal: Proposal, by: User) -> Proposal:
    proposal = Proposal.objects.select_for_update().get(pk=proposal.pk)
    policy.can_check(by, proposal).require()
    return proposal


@transaction.atomic
def send_back(
    proposal: Proposal, *, reason: str, by: User, sections: Collection[str] = ()
) -> Proposal:
    """Return a submitted proposal to its lead for correction, naming the sections if one can.

    Raises PermissionDenied, WrongState, or Invalid for a section that does not exist.
    """
    proposal = _checked(proposal, by)
    if set(sections) - set(SectionName.values):
        raise Invalid({"sections": [_("There is no such section. Choose among those listed.")]})
    require_transition(Proposal.TRANSITIONS, proposal.state, State.RETURNED)
    proposal.state = State.RETURNED
    proposal.return_reason = reason
    proposal.save(update_fields=["state", "return_reason"])
    for name in set(sections):
        ProposalSection.objects.update_or_create(
            proposal=proposal, name=name, defaults={"returned_at": timezone.now()}
        )
    named = sorted(set(sections))
    audit.record("proposal.returned", proposal, by=by, reason=reason, sections=named)
    notify("proposal.returned", to=[proposal.lead], about=proposal, number=proposal.number)
    return proposal


@transaction.atomic
def send_to_centres(proposal: Proposal, *, by: User) -> Proposal:
    """A submitted proposal is complete: the centres review it next."""
    proposal = _checked(proposal, by)
    require_transition(Proposal.TRANSITIONS, proposal.state, State.TECHNICAL_REVIEW)
    proposal.state = State.TECHNICAL_REVIEW
    proposal.save(update_fields=["state"])
    audit.record("proposal.sent_to_centres", proposal, by=by)
    to = _operators_of(proposal).exclude(pk=proposal.lead_id)
    notify("proposal.to_judge", to=to, about=proposal, besides=by, number=proposal.number)
    return proposal


def _operators_of(proposal: Proposal) -> QuerySet[User]:
    """Those who run a machine it asks for, today. One query."""
    centres = proposal.requests.values("resource__machine__centre")
    running = Affiliation.objects.filter(
        in_force(timezone.localdate()), role=Affiliation.Role.OPERATOR, institution__in=centres
    )
    return User.objects.filter(pk__in=running.values("user"), is_active=True)


@transaction.atomic
def withdraw(proposal: Proposal, *, by: User, reason: str = "") -> Proposal:
    """Take a proposal back before the decision. Its number is not used again.

    Whoever was still to review it is told that nothing is left to do.
    """
    proposal = Proposal.objects.select_for_update().get(pk=proposal.pk)
    policy.can_withdraw(by, proposal).require()
    require_transition(Proposal.TRANSITIONS, proposal.state, State.WITHDRAWN)
    proposal.state = State.WITHDRAWN
    proposal.save(update_fields=["state"])
    audit.record("proposal.withdrawn", proposal, by=by, reason=reason)
    waiting = proposal.assignments.filter(state__in=ReviewAssignment.WAITING)
    notify(
        "proposal.withdrawn",
        to=User.objects.filter(pk__in=waiting.values("reviewer")),
        about=proposal,
        href=reverse("compute_grants:review_list"),
        besides=by,
        number=proposal.number,
    )
    return proposal
