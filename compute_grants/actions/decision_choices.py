"""What may stand in a set of decisions: checked when it is put in, and again when it is published.

Steps of actions.decision_sets, which asks the policies.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from compute_grants.actions import panel
from compute_grants.models import Call, DecisionItem, DecisionSet, PanelDecision, Proposal
from consortium.errors import DomainError, Invalid, WrongState

Outcome = PanelDecision.Outcome


class InAnotherSet(DomainError):
    """A proposal is decided on in one set at a time."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What shall be decided on one proposal.

    seconds: by request id, in each request's unit; it and the dates belong to an award.
    override_reason: why it departs from what an award run gave. binding: the limits that bound it
    there, where it is the run's own choice.
    """

    proposal: Proposal
    outcome: str
    seconds: Mapping[int, int] = field(default_factory=dict)
    starts_on: date | None = None
    ends_on: date | None = None
    reason: str = ""
    override_reason: str = ""
    binding: Sequence[Mapping[str, Any]] = ()


def check(found: DecisionSet, choices: Sequence[Choice]) -> list[tuple[Choice, dict[str, Any]]]:
    """Each choice with what it awards as plain data. Expects found.call loaded.

    Raises WrongState, NotYetDeciding, InAnotherSet, AboveCap, Invalid.
    """
    ids = [choice.proposal.pk for choice in choices]
    if not ids or len(set(ids)) != len(ids):
        raise Invalid({"": [_("Choose at least one proposal, and each of them once.")]})
    _require_free(found, ids)
    rows = Proposal.objects.in_bulk(ids)
    checked = [
        (choice, _checked(found.call, choice, rows[choice.proposal.pk].state)) for choice in choices
    ]
    _take_round(found, rows.values())
    return checked


def _take_round(found: DecisionSet, proposals: Iterable[Proposal]) -> None:
    """Ranked proposals of one round are decided together, once it has closed.

    Whoever waits on the list is of any round. Sets found.round, which the caller saves. One
    query. Raises NotYetDeciding, Invalid.
    """
    rounds = {each.pk: each for each in found.call.rounds.all()}
    if len(rounds) <= 1 or found.call.rolling:
        return
    ranked = {row.round_id for row in proposals if row.state == Proposal.State.RANKED}
    wanted = {pk for pk in (*ranked, found.round_id) if pk is not None}
    if len(wanted) > 1:
        message = _(
            "A set decides on the proposals of one round. Put those of another round into a set of "
            "their own."
        )
        raise Invalid({"": [message]})
    for pk in wanted:
        if found.call.takes_for(rounds[pk], timezone.now()):
            message = _("Round %(round)s still takes proposals. It is decided once it has closed.")
            raise panel.NotYetDeciding(message % {"round": rounds[pk].position})
        found.round = rounds[pk]


def _require_free(found: DecisionSet, ids: Iterable[int]) -> None:
    taken = DecisionItem.objects.filter(proposal__in=ids, is_open=True).exclude(set=found)
    first = taken.select_related("set", "proposal").first()
    if first is not None:
        message = _("%(number)s stands in %(set)s already. Take it out there first.")
        facts = {"number": first.proposal.number, "set": first.set.number}
        raise InAnotherSet(message % facts)


def _checked(call: Call, choice: Choice, state: str) -> dict[str, Any]:
    number = choice.proposal.number
    if choice.proposal.call_id != call.pk:
        message = _("%(number)s belongs to another call. A set decides within one call.")
        raise Invalid({"": [message % {"number": number}]})
    current = Proposal.State(state)
    ranked = {Proposal.State.RANKED, Proposal.State.WAITLISTED}
    if current not in ranked or choice.outcome not in Proposal.TRANSITIONS[current]:
        message = _("%(number)s is “%(state)s”, so this cannot be decided on it now.")
        raise WrongState(message % {"number": number, "state": current.label})
    if current == Proposal.State.RANKED:
        panel.require_deciding(call)
    if not choice.reason.strip():
        raise Invalid({"reason": [_("Give the reason; the applicant reads it.")]})
    if choice.outcome != Outcome.AWARDED:
        return {"outcome": str(choice.outcome), "seconds": {}}
    _require_dates(choice)
    requests = panel.awarded_requests(choice.proposal, choice.seconds)
    seconds = {str(row.pk): choice.seconds[row.pk] for row in requests}
    return {"outcome": str(choice.outcome), "seconds": seconds}


def _require_dates(choice: Choice) -> None:
    if choice.starts_on is None or choice.ends_on is None:
        message = _("An award has a first and a last day.")
        missing = "ends_on" if choice.starts_on else "starts_on"
        raise Invalid({missing: [message]})
    panel.require_term(choice.proposal, choice.starts_on, choice.ends_on)


def items_in(found: DecisionSet, proposals: Iterable[Proposal]) -> dict[int, DecisionItem]:
    """The set's items on these proposals, by proposal id. Raises WrongState for one without."""
    rows = list(proposals)
    items = {item.proposal_id: item for item in found.items.filter(proposal__in=rows)}
    for row in rows:
        if row.pk not in items:
            message = _("%(number)s does not stand in this set. Reload the page.")
            raise WrongState(message % {"number": row.number})
    return items
