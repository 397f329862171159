"""Changing a plan by hand. Every change is checked against every rule, as things stand now."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from compute_grants.actions.assignment_plans import planned, wish_of
from compute_grants.matching.rules import Breach, Rule, breaches
from compute_grants.models import AssignmentPlan, PlannedPair, Proposal
from compute_grants.policies import matching as policy
from compute_grants.queries.matching import Situation, situation
from consortium import audit
from consortium.errors import DomainError, WrongState
from consortium.models import User


class BreaksARule(DomainError):
    """The pair would break a rule of the plan; the message says which."""


@transaction.atomic
def add(plan: AssignmentPlan, *, proposal: Proposal, reviewer: User, by: User) -> PlannedPair:
    """Plan one more reviewer. Raises PermissionDenied, WrongState or BreaksARule."""
    plan = _open(plan, proposal, by)
    made = _fitting(plan, proposal, reviewer, without=None)
    made.save()
    _record("plan.pair_added", plan, made, by)
    return made


@transaction.atomic
def remove(pair: PlannedPair, *, by: User) -> AssignmentPlan:
    """Take a pair out of its plan. Raises PermissionDenied or WrongState."""
    plan = _open(pair.plan, pair.proposal, by)
    _record("plan.pair_removed", plan, pair, by)
    pair.delete()
    return plan


@transaction.atomic
def swap(pair: PlannedPair, *, reviewer: User, by: User) -> PlannedPair:
    """Another reviewer in the place of this one. Returns the new pair.

    Raises PermissionDenied, WrongState or BreaksARule; then nothing has changed.
    """
    plan = _open(pair.plan, pair.proposal, by)
    made = _fitting(plan, pair.proposal, reviewer, without=pair)
    _record("plan.pair_removed", plan, pair, by)
    pair.delete()
    made.save()
    _record("plan.pair_added", plan, made, by)
    return made


@transaction.atomic
def lock(pair: PlannedPair, *, locked: bool, by: User) -> PlannedPair:
    """Keep the pair, or no longer, when the plan is computed anew.

    Raises PermissionDenied or WrongState.
    """
    plan = _open(pair.plan, pair.proposal, by)
    pair.locked = locked
    pair.save(update_fields=["locked"])
    _record("plan.pair_locked" if locked else "plan.pair_unlocked", plan, pair, by)
    return pair


def _open(plan: AssignmentPlan, proposal: Proposal, by: User) -> AssignmentPlan:
    """The plan, locked, if this person may change this proposal's pairs now."""
    plan = AssignmentPlan.objects.select_for_update().get(pk=plan.pk)
    proposal = Proposal.objects.select_related("institution", "lead").get(pk=proposal.pk)
    policy.can_change_pairs(by, proposal).require()
    if plan.state != AssignmentPlan.State.DONE:
        raise WrongState(
            _("A plan is changed once it is computed and until it is applied. Compute a new one.")
        )
    return plan


def _record(event: str, plan: AssignmentPlan, pair: PlannedPair, by: User) -> None:
    audit.record(event, plan, by=by, proposal=pair.proposal.number, reviewer=pair.reviewer_id)


def _fitting(
    plan: AssignmentPlan, proposal: Proposal, reviewer: User, *, without: PlannedPair | None
) -> PlannedPair:
    """The pair with its explanation, if it breaks no rule beside the plan's other pairs."""
    found = situation(plan.call, wish_of(plan))
    rows = plan.pairs.exclude(pk=without.pk) if without else plan.pairs.all()
    kept = found.at(rows.values_list("proposal", "reviewer"))
    new = found.at([(proposal.pk, reviewer.pk)])
    if not new:
        raise BreaksARule(_absent(found, proposal, reviewer))
    broken = [b for b in breaches(found.problem, [*kept, *new]) if b.pair == new[0]]
    if broken:
        raise BreaksARule(why(found, broken[0]))
    return planned(plan, found, *new[0], manual=True, locked=True)


def _absent(found: Situation, proposal: Proposal, reviewer: User) -> str:
    if proposal.pk not in found.row_of():
        return _("%(number)s is not in peer review of this call. Plan its other proposals.") % {
            "number": proposal.number
        }
    return _("%(name)s is away or has no standing as a reviewer today. Choose somebody else.") % {
        "name": reviewer.name
    }


def why(found: Situation, breach: Breach) -> str:
    """The rule that a pair breaks, as a sentence that says what to do."""
    row, column = breach.pair
    proposal, person = found.proposals[row], found.people[column]
    names = {"name": person.name, "number": proposal.number}
    reasons = found.conflicts.get((proposal.pk, person.pk))
    if reasons:
        words = _("%(name)s cannot review %(number)s: %(reason)s. Choose somebody else.")
        return words % {**names, "reason": reasons[0].text}
    if breach.rule is Rule.FORBIDDEN and person.pk in found.asked[proposal.pk]:
        return _("%(name)s was invited to %(number)s before. Choose somebody else.") % names
    if breach.rule is Rule.LOAD:
        words = _("%(name)s has as many reviews as they take on. Free a place, or choose another.")
        return words % names
    if breach.rule is Rule.TOO_MANY:
        return _("%(number)s has as many reviewers as it should. Take one out first.") % names
    if breach.rule is Rule.HOUSE:
        other = found.people[breach.other].name
        words = _("%(name)s and %(other)s are of one institution or group. Choose somebody else.")
        return words % {**names, "other": other}
    words = _("%(name)s is planned for %(number)s already, or a colleague of theirs is invited.")
    return words % names
