"""Everything that changes a call. By the R&D office; opening and closing also by the clock."""

import hashlib
import json
import uuid
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from compute_grants.actions.call_news import tell
from compute_grants.actions.capacity import check_budget, source_account
from compute_grants.actions.rounds import check_rounds, window_of
from compute_grants.models import (
    Call,
    CallBudget,
    CallRound,
    Criterion,
    EligibilityRule,
    Machine,
    Proposal,
    Resource,
)
from compute_grants.policies import calls as policy
from consortium import audit
from consortium.actions import ledger
from consortium.errors import DomainError, Invalid, WrongState
from consortium.models import (
    Account,
    Reviewer,
    Unit,
    User,
    in_force,
)
from consortium.numbers import numbered
from consortium.states import require_transition

State = Call.State
WHOLE = 100
_FUNDING = uuid.UUID("6f0c53a4-63b1-4b4b-9a8e-0f5a7c1d2e10")


class NotReady(DomainError):
    """Something that must be decided before publication is missing."""


class NotYet(DomainError):
    """The clock does not allow it yet."""


class Undecided(DomainError):
    """Proposals of the call still wait for a decision."""


class Frozen(DomainError):
    """A published call's rules no longer change."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a rubric."""

    name_en: str
    name_zh: str
    weight_percent: int
    anchors_en: str = ""
    anchors_zh: str = ""


def locked(call: Call, by: User | None) -> Call:
    """The call, locked. `by=None` is the clock."""
    call = Call.objects.select_for_update().get(pk=call.pk)
    if by is not None:
        policy.can_manage(by).require()
    return call


def draft(call: Call, by: User) -> Call:
    call = locked(call, by)
    if call.state != State.DRAFT:
        raise Frozen(_("The call is published, so its rules, rubric and budget are fixed."))
    return call


@transaction.atomic
def create(*, by: User, **fields: Any) -> Call:
    """A new draft; `fields` are those of Call but code, state and panel.

    Its opening and closing times are those of its first round. Raises PermissionDenied, or
    Invalid where it would close before it opens, or its award period would end before it begins.
    """
    policy.can_manage(by).require()
    _check_window(fields["opens_at"], fields["closes_at"])
    _check_period(fields.get("awards_from"), fields.get("awards_until"))
    code = numbered("C", timezone.localdate().year, width=2)
    call = Call.objects.create(code=code, **fields)
    CallRound.objects.create(
        call=call, position=1, opens_at=call.opens_at, closes_at=call.closes_at
    )
    audit.record("call.created", call, by=by, code=code)
    return call


@transaction.atomic
def edit(call: Call, *, by: User, **fields: Any) -> Call:
    """Change a draft. Of several rounds, the opening and closing times are the first one's."""
    call = draft(call, by)
    fields |= _first_round(call, fields)
    changed = {name for name, value in fields.items() if getattr(call, name) != value}
    for name in changed:
        setattr(call, name, fields[name])
    _check_window(call.opens_at, call.closes_at)
    _check_period(call.awards_from, call.awards_until)
    if changed:
        call.save(update_fields=sorted(changed))
        audit.record("call.edited", call, by=by, fields=sorted(changed))
    return call


def _first_round(call: Call, fields: dict[str, Any]) -> dict[str, datetime]:
    """Move the first round's window, and return what the call's own becomes."""
    given = ("opens_at", "closes_at")
    window: dict[str, datetime] = {name: fields[name] for name in given if name in fields}
    rounds = list(call.rounds.all())
    if not window or not rounds:
        return window
    first = rounds[0]
    for name, moment in window.items():
        setattr(first, name, moment)
    _check_window(first.opens_at, first.closes_at)
    check_rounds([window_of(each) for each in rounds])
    first.save(update_fields=["opens_at", "closes_at"])
    return {"opens_at": first.opens_at, "closes_at": rounds[-1].closes_at}


def _check_window(opens_at: datetime, closes_at: datetime) -> None:
    if closes_at <= opens_at:
        raise Invalid({"closes_at": [_("The call must close after it opens.")]})


def _check_period(awards_from: date | None, awards_until: date | None) -> None:
    if (awards_from is None) != (awards_until is None):
        raise Invalid({"awards_until": [_("Give both days of the award period, or neither.")]})
    if awards_from and awards_until and awards_until <= awards_from:
        raise Invalid({"awards_until": [_("The award period must end after it begins.")]})


@transaction.atomic
def set_rubric(call: Call, *, lines: Sequence[Line], by: User) -> Call:
    """Replace a draft's criteria. Raises Invalid unless the weights make 100."""
    call = draft(call, by)
    total = sum(line.weight_percent for line in lines)
    if total != WHOLE or min(line.weight_percent for line in lines) < 1:
        message = _("The weights make %(total)s %%. Make them 100 %% in all, each at least 1 %%.")
        raise Invalid({"": [message % {"total": total}]})
    call.criteria.all().delete()
    Criterion.objects.bulk_create(
        Criterion(
            call=call,
            position=position,
            name_en=line.name_en,
            name_zh=line.name_zh,
            anchors_en=line.anchors_en,
            anchors_zh=line.anchors_zh,
            weight_percent=line.weight_percent,
        )
        for position, line in enumerate(lines, start=1)
    )
    audit.record("call.rubric_set", call, by=by, weights=[line.weight_percent for line in lines])
    return call


@transaction.atomic
def set_budget(call: Call, *, resource: Resource, seconds: int, by: User) -> None:
    """Set what a draft may award of `resource`; 0 takes the resource out of the call.

    Raises AboveCapacity above what is certified and not promised to other calls.
    """
    call = draft(call, by)
    resource = Resource.objects.select_for_update().select_related("machine").get(pk=resource.pk)
    if seconds == 0:
        call.budgets.filter(resource=resource).delete()
    else:
        check_budget(call, resource, seconds)
        CallBudget.objects.update_or_create(
            call=call, resource=resource, defaults={"seconds": seconds}
        )
    audit.record(
        "call.budget_set",
        call,
        by=by,
        machine=resource.machine.code,
        tres=resource.tres,
        seconds=seconds,
    )


@transaction.atomic
def set_panel(call: Call, *, panel: Sequence[User], by: User) -> Call:
    """Who decides. Until the call is decided; raises Invalid for somebody of no such standing."""
    call = locked(call, by)
    if call.state in {State.DECIDED, State.CLOSED}:
        raise Frozen(_("The call is decided, so its panel no longer changes."))
    ids = {person.pk for person in panel}
    fit = Reviewer.objects.filter(in_force(timezone.localdate()), user__in=ids, panellist=True)
    if fit.count() != len(ids):
        raise Invalid({"panel": [_("Choose only people who have standing as panel members.")]})
    call.panel.set(panel)
    audit.record("call.panel_set", call, by=by, panel=sorted(ids))
    return call


@transaction.atomic
def publish(call: Call, *, by: User) -> Call:
    """Announce a draft, and set its budget aside from the machines' time.

    Raises NotReady with what is missing, AboveCapacity, WrongState. Locks the call, then its
    resources in the order of their ids, so that two calls cannot set aside the same hours.
    """
    call = locked(call, by)
    require_transition(Call.TRANSITIONS, call.state, State.PUBLISHED)
    missing = lacking(call)
    if missing:
        message = _("Before publishing, add: %(missing)s.")
        raise NotReady(message % {"missing": "; ".join(missing)})
    for budget in call.budgets.order_by("resource_id"):
        _fund(call, budget, by)
    call.rubric_sha256 = rubric_sha256(call)
    call.save(update_fields=["rubric_sha256"])
    return _move(call, State.PUBLISHED, "call.published", by)


def rubric_sha256(call: Call) -> str:
    """Of the rubric's canonical JSON: what reviewers score by is what was published."""
    lines = call.criteria.values(
        *("position", "name_en", "name_zh", "anchors_en", "anchors_zh", "weight_percent")
    )
    text = json.dumps(list(lines), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def lacking(call: Call) -> list[str]:
    """What a call needs before it can be published, in the reader's words."""
    offered = call.budgets.exclude(resource__machine__state=Machine.State.DRAFT)
    both = all((call.title_en, call.title_zh, call.summary_en, call.summary_zh))
    contract = call.eligibility_rules.filter(kind=EligibilityRule.Kind.CONTRACT)
    period = call.awards_until is not None or not contract.exists()
    needs = {
        _("a title and a summary in both languages"): both,
        _("the rules in the other language"): bool(call.rules_en) == bool(call.rules_zh),
        _("a rubric"): call.criteria.exists(),
        _("what the scores mean, in both languages"): not _half_said(call),
        _("an award period, from which the contract rule counts"): period,
        _("hours of a published machine"): offered.exists(),
        _("a panel"): call.panel.exists(),
        _("a closing time in the future"): call.closes_at > timezone.now(),
    }
    return [name for name, present in needs.items() if not present]


def _half_said(call: Call) -> bool:
    """Whether a criterion is explained in one language only."""
    half = Q(anchors_en="", anchors_zh__gt="") | Q(anchors_en__gt="", anchors_zh="")
    return call.criteria.filter(half).exists()


def _fund(call: Call, budget: CallBudget, by: User) -> None:
    resource = (
        Resource.objects.select_for_update().select_related("machine").get(pk=budget.resource_id)
    )
    check_budget(call, resource, budget.seconds)
    account = ledger.open_account(
        unit=Unit(resource.unit),
        kind=Account.Kind.BUDGET,
        owner=ledger.owner_of(budget),
        capped=True,
    )
    ledger.post(
        key=uuid.uuid5(_FUNDING, f"call-budget:{budget.pk}"),
        debit=source_account(resource),
        credit=account,
        amount=budget.seconds,
        code="call.funded",
        by=by,
    )
    budget.account = account
    budget.save(update_fields=["account"])


@transaction.atomic
def open_(call: Call, *, by: User | None) -> Call:
    """Begin to take proposals. Raises NotYet before opens_at, WrongState."""
    call = locked(call, by)
    require_transition(Call.TRANSITIONS, call.state, State.OPEN)
    if timezone.now() < call.opens_at:
        raise NotYet(_("The call opens at its opening time, not before."))
    tell("call.opened", call, by=by, closes_at=call.deadline(timezone.now()).isoformat())
    return _move(call, State.OPEN, "call.opened", by)


@transaction.atomic
def close_to_review(call: Call, *, by: User | None) -> Call:
    """Take no more proposals. Raises NotYet before closes_at, WrongState."""
    call = locked(call, by)
    require_transition(Call.TRANSITIONS, call.state, State.IN_REVIEW)
    if timezone.now() < call.closes_at:
        raise NotYet(_("The call stays open until the closing time that applicants were promised."))
    return _move(call, State.IN_REVIEW, "call.in_review", by)


@transaction.atomic
def decide(call: Call, *, by: User) -> Call:
    """Record that every proposal has its decision. Raises Undecided, WrongState."""
    call = locked(call, by)
    require_transition(Call.TRANSITIONS, call.state, State.DECIDED)
    over = Proposal.OVER | {Proposal.State.WAITLISTED, Proposal.State.DRAFT}
    waiting = call.proposals.exclude(state__in=over).count()
    if waiting:
        message = ngettext(
            "%(count)s proposal waits for a decision. Decide on it first.",
            "%(count)s proposals wait for a decision. Decide on each first.",
            waiting,
        )
        raise Undecided(message % {"count": waiting})
    tell("call.decided", call, by=by)
    return _move(call, State.DECIDED, "call.decided", by)


@transaction.atomic
def close(call: Call, *, by: User) -> Call:
    """End the call and give what it did not award back to the machines."""
    call = locked(call, by)
    require_transition(Call.TRANSITIONS, call.state, State.CLOSED)
    for budget in call.budgets.select_related("resource", "account").order_by("resource_id"):
        _give_back(budget, by)
    return _move(call, State.CLOSED, "call.closed", by)


def _give_back(budget: CallBudget, by: User) -> None:
    if budget.account is None:
        return
    left = ledger.balance(budget.account).available
    if left:
        ledger.post(
            key=uuid.uuid5(_FUNDING, f"call-rest:{budget.pk}"),
            debit=budget.account,
            credit=source_account(budget.resource),
            amount=left,
            code="call.returned",
            by=by,
        )


def _move(call: Call, state: Call.State, event: str, by: User | None) -> Call:
    call.state = state
    call.save(update_fields=["state"])
    audit.record(event, call, by=by, code=call.code)
    return call


def follow_the_clock() -> int:
    """Open and close whatever is due. Returns how many calls changed; safe to repeat."""
    now = timezone.now()
    due = [(call, open_) for call in Call.objects.due_to_open(now).order_by("pk")]
    due += [(call, close_to_review) for call in Call.objects.due_to_close(now).order_by("pk")]
    changed = 0
    for call, move in due:
        with suppress(WrongState):  # another worker or the office was first
            move(call, by=None)
            changed += 1
    return changed
