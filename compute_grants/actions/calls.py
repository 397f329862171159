"""Everything that changes a call. By the R&D office; opening and closing also by the clock."""

import uuid
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from compute_grants.actions.machines import certified, promised, source_account
from compute_grants.models import Call, CallBudget, Criterion, Machine, Proposal, Resource
from compute_grants.policies import calls as policy
from consortium import audit
from consortium.actions import ledger
from consortium.errors import DomainError, Invalid, WrongState
from consortium.models import Account, Reviewer, Unit, User, in_force
from consortium.numbers import numbered
from consortium.states import require_transition

State = Call.State
WHOLE = 100
_FUNDING = uuid.UUID("6f0c53a4-63b1-4b4b-9a8e-0f5a7c1d2e10")


class NotReady(DomainError):
    """Something that must be decided before publication is missing."""


class AboveCapacity(DomainError):
    """A budget above what the centre has certified."""


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


def _locked(call: Call, by: User | None) -> Call:
    """The call, locked. `by=None` is the clock."""
    call = Call.objects.select_for_update().get(pk=call.pk)
    if by is not None:
        policy.can_manage(by).require()
    return call


def _draft(call: Call, by: User) -> Call:
    call = _locked(call, by)
    if call.state != State.DRAFT:
        raise Frozen(_("The call is published, so its rules, rubric and budget are fixed."))
    return call


@transaction.atomic
def create(*, by: User, **fields: Any) -> Call:
    """A new draft; `fields` are those of Call but code, state and panel.

    Raises PermissionDenied, or Invalid where it would close before it opens.
    """
    policy.can_manage(by).require()
    _check_window(fields["opens_at"], fields["closes_at"])
    code = numbered("C", timezone.localdate().year, width=2)
    call = Call.objects.create(code=code, **fields)
    audit.record("call.created", call, by=by, code=code)
    return call


@transaction.atomic
def edit(call: Call, *, by: User, **fields: Any) -> Call:
    """Change a draft."""
    call = _draft(call, by)
    changed = {name for name, value in fields.items() if getattr(call, name) != value}
    for name in changed:
        setattr(call, name, fields[name])
    _check_window(call.opens_at, call.closes_at)
    if changed:
        call.save(update_fields=sorted(changed))
        audit.record("call.edited", call, by=by, fields=sorted(changed))
    return call


def _check_window(opens_at: datetime, closes_at: datetime) -> None:
    if closes_at <= opens_at:
        raise Invalid({"closes_at": [_("The call must close after it opens.")]})


@transaction.atomic
def set_rubric(call: Call, *, lines: Sequence[Line], by: User) -> Call:
    """Replace a draft's criteria. Raises Invalid unless the weights make 100."""
    call = _draft(call, by)
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
    call = _draft(call, by)
    resource = Resource.objects.select_for_update().select_related("machine").get(pk=resource.pk)
    if seconds == 0:
        call.budgets.filter(resource=resource).delete()
    else:
        _check_capacity(resource, seconds)
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


def _check_capacity(resource: Resource, seconds: int) -> None:
    left = certified(resource) - promised(resource)
    if seconds > left:
        message = _("%(machine)s has %(left)s certified hours that no call has set aside.")
        raise AboveCapacity(
            message % {"machine": resource.machine.name, "left": f"{max(left, 0) // 3600:,}"}
        )


@transaction.atomic
def set_panel(call: Call, *, panel: Sequence[User], by: User) -> Call:
    """Who decides. Until the call is decided; raises Invalid for somebody of no such standing."""
    call = _locked(call, by)
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
    call = _locked(call, by)
    require_transition(Call.TRANSITIONS, call.state, State.PUBLISHED)
    missing = lacking(call)
    if missing:
        message = _("Before publishing, add: %(missing)s.")
        raise NotReady(message % {"missing": "; ".join(missing)})
    for budget in call.budgets.order_by("resource_id"):
        _fund(budget, by)
    return _move(call, State.PUBLISHED, "call.published", by)


def lacking(call: Call) -> list[str]:
    """What a call needs before it can be published, in the reader's words."""
    offered = call.budgets.exclude(resource__machine__state=Machine.State.DRAFT)
    both = all((call.title_en, call.title_zh, call.summary_en, call.summary_zh))
    needs = {
        _("a title and a summary in both languages"): both,
        _("a rubric"): call.criteria.exists(),
        _("hours of a published machine"): offered.exists(),
        _("a panel"): call.panel.exists(),
        _("a closing time in the future"): call.closes_at > timezone.now(),
    }
    return [name for name, present in needs.items() if not present]


def _fund(budget: CallBudget, by: User) -> None:
    resource = (
        Resource.objects.select_for_update().select_related("machine").get(pk=budget.resource_id)
    )
    _check_capacity(resource, budget.seconds)
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
    call = _locked(call, by)
    require_transition(Call.TRANSITIONS, call.state, State.OPEN)
    if timezone.now() < call.opens_at:
        raise NotYet(_("The call opens at its opening time, not before."))
    return _move(call, State.OPEN, "call.opened", by)


@transaction.atomic
def close_to_review(call: Call, *, by: User | None) -> Call:
    """Take no more proposals. Raises NotYet before closes_at, WrongState."""
    call = _locked(call, by)
    require_transition(Call.TRANSITIONS, call.state, State.IN_REVIEW)
    if timezone.now() < call.closes_at:
        raise NotYet(_("The call stays open until the closing time that applicants were promised."))
    return _move(call, State.IN_REVIEW, "call.in_review", by)


@transaction.atomic
def decide(call: Call, *, by: User) -> Call:
    """Record that every proposal has its decision. Raises Undecided, WrongState."""
    call = _locked(call, by)
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
    return _move(call, State.DECIDED, "call.decided", by)


@transaction.atomic
def close(call: Call, *, by: User) -> Call:
    """End the call and give what it did not award back to the machines."""
    call = _locked(call, by)
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
