"""Sets of decisions as their actions leave them."""

from datetime import date

from compute_grants.actions import decision_sets as actions
from compute_grants.actions.decision_sets import Choice
from compute_grants.models import DecisionSet, Proposal
from compute_grants.queries.decision_content import sha256_of
from consortium.models import User
from tests.factories.compute_grants import HOUR

START, END = date(2027, 1, 1), date(2027, 12, 31)


def choice(proposal: Proposal, outcome: str = "awarded", *, hours: int = 100, **fields) -> Choice:
    """An award of `hours` on each request, or another outcome."""
    awarded = outcome == "awarded"
    seconds = {row.pk: hours * HOUR for row in proposal.requests.all()} if awarded else {}
    values = {
        "seconds": seconds,
        "starts_on": START if awarded else None,
        "ends_on": END if awarded else None,
        "reason": "Sound.",
    }
    return Choice(proposal, outcome, **(values | fields))


def draft(by: User, *choices: Choice, **fields) -> DecisionSet:
    return actions.prepare(choices[0].proposal.call, choices=choices, by=by, **fields)


def proposed(by: User, *choices: Choice, **fields) -> DecisionSet:
    return actions.propose(draft(by, *choices, **fields), by=by)


def sign(found: DecisionSet, by: User) -> DecisionSet:
    return actions.sign(found, content_sha256=sha256_of(found), by=by)


def published(first: User, second: User, *choices: Choice, **fields) -> DecisionSet:
    found = proposed(first, *choices, **fields)
    sign(found, first)
    return sign(found, second)
