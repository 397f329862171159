"""Preparing a panel's decisions, having two people sign them, and publishing them as one.

Every act locks the call first and then the set, so that two sets of one call that are published
at the same moment follow each other; the budgets themselves are guarded by the ledger.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from compute_grants.actions import acceptances, award_letters, panel, waitlist_places
from compute_grants.actions.decision_choices import Choice, InAnotherSet, check, items_in
from compute_grants.models import (
    Call,
    DecisionItem,
    DecisionItemLine,
    DecisionSet,
    DecisionSignature,
    PanelDecision,
    Proposal,
)
from compute_grants.policies import decision_sets as policy
from compute_grants.queries.decision_content import sha256_of
from compute_grants.queries.programme import read_once
from compute_grants.queries.run_results import Given, departs, given
from consortium import audit
from consortium.actions.notices import notify
from consortium.errors import DomainError, Invalid, Stale, WrongState
from consortium.models import User
from consortium.numbers import numbered
from consortium.states import require_transition

__all__ = [
    "Choice",
    "InAnotherSet",
    "discard",
    "prepare",
    "propose",
    "put",
    "put_in_draft",
    "remove",
    "sign",
]

State = DecisionSet.State
Outcome = PanelDecision.Outcome
SERIES = "DS"


class NothingInIt(DomainError):
    """A set without an item decides nothing."""


class AlreadySigned(DomainError):
    """Two signatures are two people's."""


# Preparing


@transaction.atomic
def prepare(
    call: Call, *, choices: Sequence[Choice], by: User | None, note: str = "", run: Any = None
) -> DecisionSet:
    """A new draft with these decisions. run: the award run that they were adopted from, if any.

    by=None: the waitlist's sweep, which only ever proposes. Raises PermissionDenied,
    WrongState, NotYetDeciding, InAnotherSet, AboveCap, Invalid.
    """
    call = _locked_call(call)
    if by is not None:
        policy.can_prepare(by, call, [choice.proposal for choice in choices]).require()
    found = DecisionSet.objects.create(
        number=numbered(SERIES, timezone.localdate().year),
        call=call,
        run_pk=run.pk if run is not None else None,
        note=note.strip(),
        made_by=by,
    )
    audit.record("decision_set.prepared", found, by=by, call=call.code, run=found.run_pk)
    _put(found, choices, by, adopting=run is not None)
    return found


@transaction.atomic
def put(found: DecisionSet, *, choices: Sequence[Choice], by: User | None) -> DecisionSet:
    """Add decisions to a set that is open, or change those on the same proposals.

    A set that waited for signatures is a draft again, and what was signed counts no more.
    Raises as `prepare` does; Invalid for a departure from the award run without a reason.
    """
    found = _locked(found)
    if by is not None:
        policy.can_change(by, found, [choice.proposal for choice in choices]).require()
    _reopen(found, by)
    _put(found, choices, by)
    return found


@transaction.atomic
def put_in_draft(choice: Choice, *, by: User) -> DecisionSet:
    """Put one decision into the set that its proposal stands in, else into the call's draft.

    Where the call has no draft, or only such as this person has an interest in, a new one.
    """
    call = _locked_call(choice.proposal.call)
    policy.can_prepare(by, call, [choice.proposal]).require()
    item = DecisionItem.objects.filter(proposal=choice.proposal, is_open=True).first()
    if item is not None:
        return put(item.set, choices=[choice], by=by)
    drafts = DecisionSet.objects.filter(call=call, state=State.DRAFT).select_related("call")
    if choice.proposal.round_id is not None and choice.proposal.state == Proposal.State.RANKED:
        drafts = drafts.filter(Q(round=choice.proposal.round_id) | Q(round__isnull=True))
    for draft in drafts.order_by("-pk"):
        if policy.can_change(by, draft):
            return put(draft, choices=[choice], by=by)
    return prepare(call, choices=[choice], by=by)


@transaction.atomic
def remove(found: DecisionSet, *, proposal: Proposal, by: User) -> DecisionSet:
    """Take the decision on one proposal out of an open set. Raises PermissionDenied, WrongState."""
    found = _locked(found)
    policy.can_change(by, found).require()
    _reopen(found, by)
    item = items_in(found, [proposal])[proposal.pk]
    run_gave = item.adopted
    item.delete()
    audit.record(
        "decision_set.item_removed", found, by=by, proposal=proposal.number, run_gave=run_gave
    )
    return found


def _put(
    found: DecisionSet, choices: Sequence[Choice], by: User | None, *, adopting: bool = False
) -> None:
    """adopting: the choices are an award run's. People depart from them, in this set or in any
    other, with a reason; the waitlist's sweep (by=None) gives what came back.
    """
    checked = check(found, choices)
    found.save(update_fields=["round"])
    last = found.items.order_by("-position").values_list("position", flat=True).first() or 0
    known = {item.proposal_id: item for item in found.items.all()}
    fresh = [choice.proposal for choice in choices if choice.proposal.pk not in known]
    gave = given(found.call, fresh) if by is not None and not adopting else {}
    for position, (choice, adopted) in enumerate(checked, start=last + 1):
        item = known.get(choice.proposal.pk)
        if item is None:
            item = DecisionItem(set=found, proposal=choice.proposal, position=position)
            before = gave.get(choice.proposal.pk, Given(adopted if adopting else {}))
            item.adopted = before.adopted
            item.binding = list(choice.binding) if adopting else before.binding
        if departs(item.adopted, adopted) and not choice.override_reason.strip():
            message = _("%(number)s departs from the award run. Say why; both signatories read it.")
            facts = {"number": choice.proposal.number}
            raise Invalid({"override_reason": [message % facts]})
        _write(item, choice)
        audit.record("decision_set.item_written", item, by=by, **adopted)
    # The set's own history is read by people to whom an item may be masked: numbers only.
    numbers = [choice.proposal.number for choice in choices]
    audit.record("decision_set.changed", found, by=by, proposals=numbers)


def _write(item: DecisionItem, choice: Choice) -> None:
    awarded = choice.outcome == Outcome.AWARDED
    item.outcome, item.reason = choice.outcome, choice.reason.strip()
    item.starts_on = choice.starts_on if awarded else None
    item.ends_on = choice.ends_on if awarded else None
    item.override_reason = choice.override_reason.strip()
    fresh = item.pk is None
    item.save()
    if not fresh:
        item.lines.all().delete()
    DecisionItemLine.objects.bulk_create(
        DecisionItemLine(item=item, request_id=pk, seconds=seconds)
        for pk, seconds in sorted(choice.seconds.items())
        if awarded and seconds
    )


def _reopen(found: DecisionSet, by: User | None) -> None:
    """An open set as a draft; what was signed is no longer what it says."""
    if found.state == State.DRAFT:
        return
    if found.state not in DecisionSet.OPEN:
        message = _("This set is “%(state)s” and does not change any more. Prepare a new one.")
        raise WrongState(message % {"state": found.get_state_display()})
    found.state, found.proposed_at = State.DRAFT, None
    found.save(update_fields=["state", "proposed_at"])
    signers = [row.by for row in found.signatures.select_related("by")]
    cleared = [person.email for person in signers]
    found.signatures.all().delete()
    audit.record("decision_set.reopened", found, by=by, signatures_cleared=cleared)
    notify("decision_set.reopened", to=signers, about=found, besides=by, number=found.number)


# Signing and publishing


@transaction.atomic
def propose(found: DecisionSet, *, by: User) -> DecisionSet:
    """Ask for the two signatures. Those who may give them are told.

    Raises PermissionDenied, WrongState, NothingInIt; NotEnoughBudget where its awards are more
    than the call has left.
    """
    found = _locked(found)
    policy.can_change(by, found).require()
    require_transition(DecisionSet.TRANSITIONS, found.state, State.PROPOSED)
    if not found.items.exists():
        raise NothingInIt(_("This set decides nothing yet. Add a proposal to it, or discard it."))
    _require_budget(found)
    found.state, found.proposed_at = State.PROPOSED, timezone.now()
    found.save(update_fields=["state", "proposed_at"])
    audit.record("decision_set.proposed", found, by=by, sha256=sha256_of(found))
    signers = policy.signers_of(found)
    notify("decision_set.proposed", to=signers, about=found, besides=by, number=found.number)
    return found


def _require_budget(found: DecisionSet) -> None:
    """Raises NotEnoughBudget, naming the first resource that falls short."""
    lines = DecisionItemLine.objects.filter(item__set=found)
    wanted: dict[int, int] = defaultdict(int)
    for resource, seconds in lines.values_list("request__resource", "seconds"):
        wanted[resource] += seconds
    budgets = found.call.budgets.select_related("resource__machine", "account")
    for budget in budgets.order_by("resource_id"):
        left = budget.account.available if budget.account else 0
        if wanted[budget.resource_id] > left:
            message = _(
                "This set awards %(wanted)s hours on %(resource)s and the call has %(left)s left. "
                "Award less, or waitlist."
            )
            facts = {
                "wanted": f"{-(-wanted[budget.resource_id] // 3600):,}",
                "left": f"{left // 3600:,}",
                "resource": budget.resource.label,
            }
            raise panel.NotEnoughBudget(message % facts)


@transaction.atomic
def sign(found: DecisionSet, *, content_sha256: str, by: User, method: str = "") -> DecisionSet:
    """Sign exactly what was shown. The second person's signature publishes the set: all or none.

    Raises PermissionDenied, WrongState, AlreadySigned, Stale where another text was shown; and
    NotEnoughBudget, AboveCap, WrongState where an item cannot be carried out: then this
    signature is not given.
    """
    found = _locked(found)
    policy.can_sign(by, found).require()
    if found.state != State.PROPOSED:
        message = _("This set is “%(state)s”. It can be signed while it waits for signatures.")
        raise WrongState(message % {"state": found.get_state_display()})
    if found.signatures.filter(by=by).exists():
        raise AlreadySigned(
            _("You have signed this set. The second signature is another person's.")
        )
    if content_sha256 != sha256_of(found):
        raise Stale(_("This set was changed since you read it. Read it again before you sign."))
    DecisionSignature.objects.create(set=found, by=by, content_sha256=content_sha256, method=method)
    audit.record("decision_set.signed", found, by=by, sha256=content_sha256, method=method)
    if found.signatures.count() >= DecisionSet.SIGNATURES:
        _publish(found, content_sha256, by)
    return found


def _publish(found: DecisionSet, content_sha256: str, by: User) -> None:
    """Carry out every item, by proposal: sets that lock in one order never deadlock."""
    require_transition(DecisionSet.TRANSITIONS, found.state, State.PUBLISHED)
    rows = found.items.select_related("proposal__lead").prefetch_related("lines")
    items = list(rows.order_by("proposal_id"))
    with read_once():
        for item in items:
            item.decision, item.is_open = _carry_out(item, by), False
        DecisionItem.objects.bulk_update(items, ["decision", "is_open"])
        waitlist_places.settle(found.call)
        found.state, found.published_at = State.PUBLISHED, timezone.now()
        found.save(update_fields=["state", "published_at"])
        audit.record("decision_set.published", found, by=by, sha256=content_sha256)
        signatures = list(found.signatures.select_related("by"))
        for item in sorted(items, key=lambda item: item.position):
            _tell_lead(item, signatures)


def _tell_lead(item: DecisionItem, signatures: Sequence[DecisionSignature]) -> None:
    """The letter, and a notice; an award is offered for acceptance where the programme asks."""
    assert item.decision
    award_letters.issue(item.decision, [(row.by, row.at) for row in signatures])
    offered = acceptances.offer(item.decision) if item.outcome == Outcome.AWARDED else None
    number, lead = item.proposal.number, item.proposal.lead
    if offered is not None:
        due = offered.due_on.isoformat()
        notify("acceptance.offered", to=[lead], about=offered, number=number, due_on=due)
        return
    receipt = reverse("compute_grants:decision_receipt", args=[number])
    code = _TOLD[Outcome(item.outcome)]
    notify(code, to=[lead], about=item.proposal, href=receipt, number=number)


_TOLD = {
    Outcome.AWARDED: "proposal.awarded",
    Outcome.REJECTED: "proposal.rejected",
    Outcome.WAITLISTED: "proposal.waitlisted",
}


def _carry_out(item: DecisionItem, by: User) -> PanelDecision:
    proposal = item.proposal
    proposal.refresh_from_db(fields=["state"])
    if item.outcome not in Proposal.TRANSITIONS[Proposal.State(proposal.state)]:
        message = _("%(number)s is “%(state)s” now. Take it out of the set before you sign.")
        facts = {"number": proposal.number, "state": proposal.get_state_display()}
        raise WrongState(message % facts)
    seconds = {line.request_id: line.seconds for line in item.lines.all()}
    now = {"outcome": item.outcome, "seconds": {str(pk): each for pk, each in seconds.items()}}
    binding = [] if departs(item.adopted, now) else item.binding
    if item.outcome == Outcome.REJECTED:
        return panel.reject(proposal, reason=item.reason, binding=binding, by=by)
    if item.outcome == Outcome.WAITLISTED:
        return panel.waitlist(proposal, reason=item.reason, binding=binding, by=by)
    assert item.starts_on
    assert item.ends_on
    return panel.award(
        proposal,
        seconds=seconds,
        starts_on=item.starts_on,
        ends_on=item.ends_on,
        reason=item.reason,
        binding=binding,
        by=by,
        terms_accepted=not acceptances.asked(),
    )


@transaction.atomic
def discard(found: DecisionSet, *, reason: str, by: User) -> DecisionSet:
    """Give a set up; its proposals may be decided on in others.

    Raises PermissionDenied, WrongState, Invalid.
    """
    found = _locked(found)
    policy.can_change(by, found).require()
    require_transition(DecisionSet.TRANSITIONS, found.state, State.DISCARDED)
    if not reason.strip():
        raise Invalid({"reason": [_("Say why the set is given up. It stays on record.")]})
    found.state, found.discard_reason = State.DISCARDED, reason.strip()
    found.save(update_fields=["state", "discard_reason"])
    found.items.update(is_open=False)
    audit.record("decision_set.discarded", found, by=by, reason=found.discard_reason[:300])
    return found


# Locks


def _locked_call(call: Call) -> Call:
    return Call.objects.select_for_update(no_key=True).get(pk=call.pk)


def _locked(found: DecisionSet) -> DecisionSet:
    """The set, with its call locked before it."""
    call = _locked_call(found.call)
    row = DecisionSet.objects.select_for_update().get(pk=found.pk)
    row.call = call
    return row
