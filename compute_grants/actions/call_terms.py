"""What a call asks and offers: its rounds, who may apply, access types; and what may still grow.

The terms are a draft's. Once a call is published its windows only become longer and its budget
only larger, both told to those who have begun a proposal.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from compute_grants.actions.call_news import tell
from compute_grants.actions.calls import Frozen, draft, locked
from compute_grants.actions.capacity import check_budget, source_account
from compute_grants.actions.rounds import Window, check_rounds, window_of
from compute_grants.models import AccessType, Call, CallRound, EligibilityRule, Resource
from compute_grants.policies import calls as policy
from consortium import audit
from consortium.actions import ledger
from consortium.errors import DomainError, Invalid
from consortium.models import Affiliation, Arm, Institution, User

State = Call.State
_RAISES = uuid.UUID("3c1b7a52-0a5c-4f5e-8f0d-7b0a1f6f3c21")


class NeverEarlier(DomainError):
    """A promised window is not cut short."""


class RoundOver(DomainError):
    """A round that has closed stays closed."""


class OnlyMore(DomainError):
    """A published budget is only ever raised."""


@transaction.atomic
def set_rounds(call: Call, *, windows: Sequence[Window], by: User) -> Call:
    """Replace a draft's rounds, of which there is at least one. Raises Invalid."""
    call = draft(call, by)
    if not windows:
        raise Invalid({"": [_("A call has at least one round. Give its opening and closing.")]})
    check_rounds(windows)
    call.rounds.all().delete()
    CallRound.objects.bulk_create(
        CallRound(
            call=call,
            position=position,
            opens_at=window.opens_at,
            closes_at=window.closes_at,
            review_by=window.review_by,
            decision_by=window.decision_by,
        )
        for position, window in enumerate(windows, start=1)
    )
    call.opens_at, call.closes_at = windows[0].opens_at, windows[-1].closes_at
    call.save(update_fields=["opens_at", "closes_at"])
    audit.record("call.rounds_set", call, by=by, rounds=len(windows))
    return call


@dataclass(frozen=True, slots=True)
class Condition:
    """One eligibility rule: its kind, and the values or months that the kind takes."""

    kind: str
    values: tuple[str, ...] = ()
    months: int | None = None


VALUES: dict[str, frozenset[str]] = {
    EligibilityRule.Kind.INSTITUTION_KIND: frozenset(Institution.Kind.values),
    EligibilityRule.Kind.ROLE: frozenset(Affiliation.Role.values),
    EligibilityRule.Kind.TIER: frozenset(Institution.Tier.values),
    EligibilityRule.Kind.ARM: frozenset(Arm.values),
}


@transaction.atomic
def set_eligibility(call: Call, *, conditions: Sequence[Condition], by: User) -> Call:
    """Replace a draft's eligibility rules. Raises Invalid naming the rule's kind."""
    call = draft(call, by)
    errors = {c.kind: [message] for c in conditions if (message := _against(c))}
    if len({c.kind for c in conditions}) < len(conditions):
        errors[""] = [_("Give each rule once.")]
    if errors:
        raise Invalid(errors)
    call.eligibility_rules.all().delete()
    EligibilityRule.objects.bulk_create(
        EligibilityRule(
            call=call, position=n, kind=c.kind, values=sorted(set(c.values)), months=c.months
        )
        for n, c in enumerate(conditions, start=1)
    )
    audit.record("call.eligibility_set", call, by=by, kinds=[c.kind for c in conditions])
    return call


def _against(condition: Condition) -> str:
    """What is wrong with a rule, or nothing."""
    if condition.kind not in EligibilityRule.Kind.values:
        return _("There is no such rule.")
    known = VALUES.get(condition.kind)
    if known is None:
        wants_months = condition.kind == EligibilityRule.Kind.CONTRACT
        if condition.values or (condition.months is None) == wants_months:
            return _("This rule takes a number of months only if it is about the contract.")
        return ""
    if not condition.values or not known.issuperset(condition.values):
        return _("Choose at least one of the values that this rule takes.")
    return "" if condition.months is None else _("Only the rule about the contract takes months.")


@transaction.atomic
def set_access(call: Call, *, access_types: Sequence[AccessType], by: User) -> Call:
    """Which access types a draft offers, in their newest versions. Raises Invalid."""
    call = draft(call, by)
    ids = {each.pk for each in access_types}
    if AccessType.objects.filter(pk__in=ids, current=True).count() != len(ids):
        raise Invalid({"access_types": [_("Choose the newest version of each access type.")]})
    call.access_types.set(access_types)
    audit.record(
        "call.access_set", call, by=by, access_types=sorted(each.code for each in access_types)
    )
    return call


@transaction.atomic
def extend(
    each: CallRound,
    *,
    closes_at: datetime,
    review_by: datetime | None = None,
    decision_by: datetime | None = None,
    reason: str,
    by: User,
) -> CallRound:
    """Let a published call's round close later. None keeps what reviews and decisions have.

    Raises PermissionDenied, RoundOver once it has closed, NeverEarlier, or Invalid where it
    would run into the next round or past its own review.
    """
    call = locked(each.call, by)
    each = CallRound.objects.select_for_update().get(pk=each.pk)
    if call.state not in {State.PUBLISHED, State.OPEN} or each.closes_at <= timezone.now():
        raise RoundOver(_("This round has closed. Late proposals wait for the next round."))
    wanted = Window(
        each.opens_at, closes_at, review_by or each.review_by, decision_by or each.decision_by
    )
    before = window_of(each)
    if any(_earlier(getattr(wanted, name), getattr(before, name)) for name in _MOMENTS):
        raise NeverEarlier(_("Applicants rely on the announced times: they only move to later."))
    _check_extended(call, each, wanted)
    for name in _MOMENTS:
        setattr(each, name, getattr(wanted, name))
    each.reminded_at = None
    each.save(update_fields=[*_MOMENTS, "reminded_at"])
    call.closes_at = max(call.closes_at, closes_at)
    call.save(update_fields=["closes_at"])
    audit.record(
        "call.extended",
        call,
        by=by,
        round=each.position,
        was=before.closes_at.isoformat(),
        closes_at=closes_at.isoformat(),
        reason=reason,
    )
    tell("call.extended", call, by=by, closes_at=closes_at.isoformat(), reason=reason)
    return each


_MOMENTS = ("closes_at", "review_by", "decision_by")


def _earlier(wanted: datetime | None, before: datetime | None) -> bool:
    return wanted is not None and before is not None and wanted < before


def _check_extended(call: Call, each: CallRound, wanted: Window) -> None:
    rounds = list(call.rounds.all())
    windows = [wanted if row.pk == each.pk else window_of(row) for row in rounds]
    try:
        check_rounds(windows)
    except Invalid as error:
        if f"{each.position + 1}.opens_at" in error.errors:
            message = _("The next round opens before that. Choose an earlier time.")
            raise Invalid({"closes_at": [message]}) from error
        told = {key.partition(".")[2]: messages for key, messages in error.errors.items()}
        raise Invalid(told) from error


@transaction.atomic
def add_round(call: Call, *, window: Window, by: User) -> CallRound:
    """Announce one more round of a published call, after those it has.

    Raises PermissionDenied, Frozen once it takes no more proposals, or Invalid.
    """
    call = locked(call, by)
    if call.state not in {State.PUBLISHED, State.OPEN}:
        raise Frozen(_("A round is added while the call is published or open."))
    windows = [window_of(each) for each in call.rounds.all()]
    if window.opens_at <= timezone.now():
        raise Invalid({"opens_at": [_("A round that is announced now opens later than now.")]})
    n = len(windows) + 1
    try:
        check_rounds([*windows, window])
    except Invalid as error:
        told = {key.removeprefix(f"{n}."): messages for key, messages in error.errors.items()}
        raise Invalid(told) from error
    made = CallRound.objects.create(
        call=call,
        position=n,
        opens_at=window.opens_at,
        closes_at=window.closes_at,
        review_by=window.review_by,
        decision_by=window.decision_by,
    )
    call.closes_at = made.closes_at
    call.save(update_fields=["closes_at"])
    times = {"opens_at": made.opens_at.isoformat(), "closes_at": made.closes_at.isoformat()}
    audit.record("call.round_added", call, by=by, round=n, **times)
    tell("call.round_added", call, by=by, **times)
    return made


@transaction.atomic
def raise_budget(call: Call, *, resource: Resource, seconds: int, reason: str, by: User) -> None:
    """Set a published call's budget of `resource` to `seconds`, more than it is.

    Raises PermissionDenied, Frozen once all is decided, OnlyMore, or AboveCapacity. Locks the
    call, then the resource, as publication does.
    """
    call = locked(call, by)
    if call.state not in {State.PUBLISHED, State.OPEN, State.IN_REVIEW}:
        raise Frozen(_("A budget is raised from the call's publication until all is decided."))
    resource = Resource.objects.select_for_update().select_related("machine").get(pk=resource.pk)
    budget = call.budgets.select_related("account").filter(resource=resource).first()
    if budget is None or budget.account is None:
        message = _("The call offers no time there. Choose a machine of the call.")
        raise Invalid({"resource": [message]})
    before = budget.seconds
    if seconds <= before:
        message = _("The budget is %(hours)s hours already. It is only ever raised.")
        raise OnlyMore(message % {"hours": f"{before // 3600:,}"})
    check_budget(call, resource, seconds)
    ledger.post(
        key=uuid.uuid5(_RAISES, f"{budget.pk}:{seconds}"),
        debit=source_account(resource),
        credit=budget.account,
        amount=seconds - before,
        code="call.raised",
        by=by,
        reason=reason,
    )
    budget.seconds = seconds
    budget.save(update_fields=["seconds"])
    audit.record(
        "call.budget_raised",
        call,
        by=by,
        machine=resource.machine.code,
        tres=resource.tres,
        was=before,
        seconds=seconds,
        reason=reason,
    )
    machine = resource.machine
    names = {"machine_en": machine.name_en, "machine_zh": machine.name_zh}
    tell("call.budget_raised", call, by=by, hours=f"{seconds // 3600:,}", **names)


@transaction.atomic
def follow(call: Call, *, by: User) -> None:
    """Tell this person when the call opens, is extended, offers more, or closes soon.

    Following twice is following once. Raises PermissionDenied for a call they do not see.
    """
    policy.can_follow(by, call).require()
    call.followers.add(by)


@transaction.atomic
def unfollow(call: Call, *, by: User) -> None:
    call.followers.remove(by)
