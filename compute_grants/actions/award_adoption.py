"""Adopting a run of the award optimiser: its awards become a draft that people sign."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from compute_grants.actions import decision_sets
from compute_grants.actions.decision_sets import Choice
from compute_grants.actions.panel import NotEnoughBudget
from compute_grants.models import AwardRun, Call, DecisionSet, PanelDecision, Proposal
from compute_grants.policies import award_runs as policy
from compute_grants.policies.award_terms import within
from compute_grants.policies.panel_interests import interests
from compute_grants.queries.award_reasons import kept
from consortium import audit
from consortium.errors import DomainError
from consortium.models import User

Outcome = PanelDecision.Outcome
HOUR = 3600
UNDECIDED = frozenset({Proposal.State.RANKED, Proposal.State.WAITLISTED})


class NothingToAdopt(DomainError):
    """The run found nothing, or everything has been decided since."""


class AdoptedAlready(DomainError):
    """A run is adopted once, unless its set was discarded."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a run does not say: dates and reasons, and what becomes of those without time.

    The reasons are words for all; the limits that bound each proposal go with its decision.

    An award ends earlier where its access type does not give it so long.

    declined: "waitlisted" or "rejected"; empty to leave them undecided.
    """

    starts_on: date
    ends_on: date
    award_reason: str
    decline_reason: str = ""
    declined: str = ""


@transaction.atomic
def adopt(run: AwardRun, *, terms: Terms, by: User) -> DecisionSet:
    """Put the run's awards into a new draft set; whoever departs from them there says why.

    Proposals decided since, and those in which `by` has an interest, are left out: others of the
    panel put the latter into a set of their own. Raises PermissionDenied, NothingToAdopt,
    AdoptedAlready, NotEnoughBudget where the call has less left than the run had, and what
    decision_sets.prepare raises.
    """
    call = Call.objects.select_for_update().get(pk=run.call_id)
    run = AwardRun.objects.select_for_update(of=("self",)).select_related("call").get(pk=run.pk)
    policy.can_adopt(by, run).require()
    _require_new(run)
    choices = _choices_of(run, terms, by)
    if not choices:
        raise NothingToAdopt(
            _("Nothing of this run can be decided now. Run it again on the call as it stands.")
        )
    _require_budget(call, choices)
    found = decision_sets.prepare(call, choices=choices, by=by, run=run)
    audit.record("award_run.adopted", run, by=by, set=found.number, items=len(choices))
    return found


def _require_new(run: AwardRun) -> None:
    other = DecisionSet.objects.filter(run_pk=run.pk).exclude(state=DecisionSet.State.DISCARDED)
    if found := other.first():
        message = _("This run was adopted as %(set)s. Change that set, or discard it first.")
        raise AdoptedAlready(message % {"set": found.number})


def _choices_of(run: AwardRun, terms: Terms, by: User) -> list[Choice]:
    """The decisions that this person can prepare from the run, in the panel's order."""
    result: Mapping[str, Any] = run.result or {}
    numbers = [entry["key"] for entry in run.inputs["proposals"]] if result else []
    proposals = list(
        Proposal.objects.filter(number__in=numbers, state__in=UNDECIDED)
        .select_related("call", "access_type")
        .prefetch_related("requests")
    )
    own = interests(by, proposals)
    by_number = {each.number: each for each in proposals if each.pk not in own}
    made = (_choice(by_number[number], result, terms) for number in numbers if number in by_number)
    return [choice for choice in made if choice is not None]


def _choice(proposal: Proposal, result: Mapping[str, Any], terms: Terms) -> Choice | None:
    award = result["awards"].get(proposal.number, {})
    binding = kept(result["reasons"].get(proposal.number, []))
    seconds = {
        request.pk: award[str(request.resource_id)]
        for request in proposal.requests.all()
        if award.get(str(request.resource_id))
    }
    if seconds:
        return Choice(
            proposal,
            Outcome.AWARDED,
            seconds=seconds,
            starts_on=terms.starts_on,
            ends_on=within(proposal, terms.starts_on, terms.ends_on),
            reason=terms.award_reason,
            binding=binding,
        )
    if not terms.declined or proposal.state == terms.declined:
        return None
    return Choice(proposal, terms.declined, reason=terms.decline_reason, binding=binding)


def _require_budget(call: Call, choices: list[Choice]) -> None:
    """Publication would refuse it too; better now than after two signatures."""
    left = dict(call.budgets.values_list("resource_id", "account__available"))
    wanted: dict[int, int] = {}
    for choice in choices:
        for request in choice.proposal.requests.all():
            given = choice.seconds.get(request.pk, 0)
            wanted[request.resource_id] = wanted.get(request.resource_id, 0) + given
    short = [pk for pk, seconds in wanted.items() if seconds > (left.get(pk) or 0)]
    if short:
        budget = call.budgets.select_related("resource__machine").get(resource=short[0])
        message = _(
            "The run awards %(wanted)s hours on %(machine)s, and the call has %(left)s left. Run "
            "it again with what is left."
        )
        facts = {
            "wanted": f"{wanted[short[0]] // HOUR:,}",
            "machine": budget.resource.label,
            "left": f"{(left[short[0]] or 0) // HOUR:,}",
        }
        raise NotEnoughBudget(message % facts)
