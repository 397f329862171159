"""What follows when a grant uses more than it has. The steps are a rule of the programme."""

from __future__ import annotations

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from compute_grants import programme
from compute_grants.actions.grant_account import locked, want
from compute_grants.models import Allocation
from compute_grants.queries.programme import in_force
from consortium import audit
from consortium.actions.notices import notify
from consortium.models import Account, User
from consortium.states import require_transition

Overuse = Allocation.Overuse
State = Allocation.State


def step_of(used: int, seconds: int, rule: programme.Overuse) -> Allocation.Overuse:
    """How far beyond its hours a grant is. Compared as products, so that nothing is rounded."""
    if used <= seconds:
        return Overuse.NONE
    share = used * 100
    if share > seconds * rule.suspend_percent:
        return Overuse.SUSPENDED
    if share > seconds * rule.few_percent:
        return Overuse.FEW
    return Overuse.LOW if share > seconds * rule.low_percent else Overuse.NONE


def follow(allocations: QuerySet[Allocation]) -> int:
    """Bring each grant to the step its usage calls for. Returns how many moved.

    After charging, and by the sweep; what is late or lost today is found next time.
    """
    rule = _rule()
    rows = allocations.filter(state__in=Allocation.LIVE, account__isnull=False)
    found = [
        row
        for row in rows.select_related("account").order_by("pk")
        if row.account and row.overuse != _step(row, row.account, rule)
    ]
    for allocation in found:
        _follow_locked(allocation)
    return len(found)


def follow_one(allocation: Allocation) -> None:
    """The same for a grant that is locked already, after its hours changed."""
    assert allocation.account_id is not None
    account = Account.objects.get(pk=allocation.account_id)
    step = _step(allocation, account, _rule())
    if step != allocation.overuse and allocation.state in Allocation.LIVE:
        _move(allocation, step, by=None)


@transaction.atomic
def _follow_locked(allocation: Allocation) -> None:
    allocation = locked(allocation)
    follow_one(allocation)
    want(allocation)


def _rule() -> programme.Overuse:
    rule = in_force("overuse")
    assert isinstance(rule, programme.Overuse)
    return rule


def _step(allocation: Allocation, account: Account, rule: programme.Overuse) -> Overuse:
    return step_of(allocation.seconds - account.available, allocation.seconds, rule)


def _move(allocation: Allocation, step: Allocation.Overuse, *, by: User | None) -> None:
    """Each crossing once: the step is stored, and suspension comes and goes with it alone."""
    before, allocation.overuse = allocation.overuse, step
    audit.record("allocation.overuse_step", allocation, by=by, step=step, before=before)
    if step == Overuse.SUSPENDED and allocation.state == State.ACTIVE:
        _set_state(allocation, State.SUSPENDED, _("More was used than the rules allow."))
        allocation.suspended_by_rule = True
        audit.record("allocation.suspended", allocation, by=by, reason=allocation.state_reason)
    elif allocation.suspended_by_rule and allocation.state == State.SUSPENDED:
        _set_state(allocation, State.ACTIVE, "")
        allocation.suspended_by_rule = False
        audit.record("allocation.resumed", allocation, by=by, reason="")
    allocation.save(update_fields=["overuse", "state", "state_reason", "suspended_by_rule"])
    notify(
        f"allocation.overuse_{step.value}",
        to=[allocation.proposal.lead],
        about=allocation,
        number=allocation.number,
    )


def _set_state(allocation: Allocation, state: Allocation.State, reason: str) -> None:
    require_transition(Allocation.TRANSITIONS, allocation.state, state)
    allocation.state, allocation.state_reason = state, reason
