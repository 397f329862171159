"""Two panels at once, with real threads and real locks."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from compute_grants.actions import acceptances, calls, capacity, panel, proposals
from compute_grants.models import (
    Acceptance,
    Allocation,
    Call,
    DecisionSet,
    Proposal,
    Submission,
)
from consortium.actions import ledger
from consortium.errors import DomainError
from consortium.models import User
from tests.compute_grants.actions.test_panel import DATES
from tests.factories import compute_grants as make
from tests.factories import decision_sets as sets
from tests.factories.consortium import research_officer

HOUR = make.HOUR
pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*attempts) -> Counter:
    """Run all at the same moment; count how they ended, by the name of the result's type."""
    gate = Barrier(len(attempts))

    def run(attempt) -> str:
        try:
            gate.wait(10)
            return type(attempt()).__name__
        except DomainError as error:
            return type(error).__name__
        finally:
            connection.close()

    with ThreadPoolExecutor(len(attempts)) as pool:
        return Counter(pool.map(run, attempts))


def awarding(proposal: Proposal, judge: User, hours: int):
    seconds = {request.pk: hours * HOUR for request in proposal.requests.all()}
    return lambda: panel.award(proposal, seconds=seconds, reason="Good.", by=judge, **DATES)


def test_awards_at_once_never_exceed_the_budget():
    call = make.call_with(hours=1_000, state="in_review")
    judges = [make.panellist(call) for _ in range(2)]
    every = [make.proposal_for(call, state="ranked", hours=300) for _ in range(8)]
    ended = at_once(*(awarding(p, judges[n % 2], 300) for n, p in enumerate(every)))
    assert ended == {"PanelDecision": 3, "NotEnoughBudget": 5}
    assert ledger.balance(call.budgets.get().account).available == 100 * HOUR
    assert sum(a.seconds for a in Allocation.objects.all()) == 900 * HOUR
    assert Proposal.objects.filter(state="awarded").count() == 3


def test_awards_over_two_machines_in_any_order_do_not_deadlock():
    resources = [make.machine().resources.get() for _ in range(2)]
    call = make.call_with(*resources, hours=1_000, state="in_review")
    judge = make.panellist(call)
    every = [make.proposal_for(call, state="ranked", hours=200) for _ in range(6)]
    for proposal in every[::2]:  # the rows of half of them in the other order
        proposal.requests.all().delete()
        for resource in resources[::-1]:
            make.feasible_request(proposal, resource, hours=200)
    ended = at_once(*(awarding(p, judge, 200) for p in every))
    assert ended == {"PanelDecision": 5, "NotEnoughBudget": 1}
    assert {ledger.balance(b.account).available for b in call.budgets.all()} == {0}


def test_one_proposal_is_awarded_once():
    call = make.call_with(hours=1_000, state="in_review")
    judges = [make.panellist(call) for _ in range(2)]
    proposal = make.proposal_for(call, state="ranked", hours=100)
    ended = at_once(*(awarding(proposal, judge, 100) for judge in judges))
    assert ended == {"PanelDecision": 1, "WrongState": 1}
    assert Allocation.objects.count() == 1


def test_two_clicks_on_submit_hand_in_once():
    draft = make.proposal_for(make.call_with())
    ended = at_once(*[lambda: proposals.submit(draft, by=draft.lead)] * 4)
    assert ended == {"Submission": 1, "AlreadySubmitted": 3}
    assert Submission.objects.count() == 1


def test_two_calls_published_at_once_cannot_promise_the_same_hours():
    office = research_officer()
    resource = make.machine(hours=1_000).resources.get()
    drafts = [make.call_with(resource, state="draft", hours=600) for _ in range(2)]
    for call in drafts:
        make.panellist(call)
    ended = at_once(*(lambda call=call: calls.publish(call, by=office) for call in drafts))
    assert ended == {"Call": 1, "AboveCapacity": 1}
    assert Call.objects.filter(state="published").count() == 1


def test_two_saves_at_once_keep_both_texts_in_somebodys_hands():
    draft = make.proposal_for(make.call_with())
    lead = draft.lead
    ended = at_once(
        lambda: proposals.save(draft, version=1, by=lead, summary="one"),
        lambda: proposals.save(draft, version=1, by=lead, summary="two"),
    )
    assert ended == {"Proposal": 1, "ChangedElsewhere": 1}


def test_two_sets_published_at_once_never_exceed_the_budget():
    """Two panels' worth of sets: one is published whole, the other not at all."""
    call = make.call_with(hours=1_000, state="in_review")
    judges = [make.panellist(call) for _ in range(3)]
    found = []
    for _ in range(2):
        choices = [
            sets.choice(make.proposal_for(call, state="ranked", hours=300), hours=300)
            for _ in range(2)
        ]
        found.append(sets.sign(sets.proposed(judges[0], *choices), judges[0]))
    ended = at_once(*(lambda n=n: sets.sign(found[n], judges[n + 1]) for n in range(2)))
    assert ended == {"DecisionSet": 1, "NotEnoughBudget": 1}
    assert ledger.balance(call.budgets.get().account).available == 400 * HOUR
    assert Proposal.objects.filter(state="awarded").count() == Allocation.objects.count() == 2
    states = sorted(DecisionSet.objects.values_list("state", flat=True))
    assert states == ["proposed", "published"]


def test_two_second_signatures_at_once_publish_once():
    call = make.call_with(hours=1_000, state="in_review")
    judges = [make.panellist(call) for _ in range(3)]
    proposal = make.proposal_for(call, state="ranked", hours=300)
    found = sets.sign(sets.proposed(judges[0], sets.choice(proposal)), judges[0])
    ended = at_once(*(lambda n=n: sets.sign(found, judges[n]) for n in (1, 2)))
    assert ended == {"DecisionSet": 1, "WrongState": 1}
    assert Allocation.objects.count() == 1


def test_two_panels_publish_over_the_same_machines_at_once():
    """Six sets of two calls, their requests in opposite orders: no deadlock, nothing exceeded."""
    resources = [make.machine(hours=2_000).resources.get() for _ in range(2)]
    panels = []
    for order in (resources, resources[::-1]):
        call = make.call_with(*resources, hours=1_000, state="in_review")
        panels.append((call, order, [make.panellist(call) for _ in range(2)]))
    waiting = []
    for call, order, (first, second) in panels:
        for _ in range(3):
            proposals_ = [make.proposal_for(call, state="ranked", hours=200) for _ in range(2)]
            for proposal in proposals_:
                proposal.requests.all().delete()
                for resource in order:
                    make.feasible_request(proposal, resource, hours=200)
            chosen = [sets.choice(proposal, hours=200) for proposal in proposals_]
            found = sets.sign(sets.proposed(first, *chosen), first)
            waiting.append((found, second))
    ended = at_once(*(lambda one=one: sets.sign(*one) for one in waiting))
    assert ended == {"DecisionSet": 4, "NotEnoughBudget": 2}
    for call, _order, _judges in panels:
        grants = Allocation.objects.filter(proposal__call=call)
        for budget in call.budgets.all():
            awarded = sum(a.seconds for a in grants.filter(resource=budget.resource_id))
            assert awarded == 800 * HOUR <= budget.seconds
            assert ledger.balance(budget.account).available == budget.seconds - awarded
    for resource in resources:
        all_there_is = capacity.certified(resource)
        assert sum(a.seconds for a in resource.allocations.all()) <= all_there_is


def test_awards_given_back_while_others_are_published():
    """Time that returns and time that is awarded at the same moment neither deadlock nor leak."""
    resources = [make.machine().resources.get() for _ in range(2)]
    call = make.call_with(*resources, hours=1_000, state="in_review")
    judges = [make.panellist(call) for _ in range(2)]
    every = [make.proposal_for(call, state="ranked", hours=100) for _ in range(6)]
    for n, proposal in enumerate(every):
        proposal.requests.all().delete()
        for resource in resources[:: 1 if n % 2 else -1]:
            make.feasible_request(proposal, resource, hours=100)
    sets.published(*judges, *(sets.choice(proposal) for proposal in every[:3]))
    found = sets.proposed(judges[0], *(sets.choice(proposal) for proposal in every[3:]))
    sets.sign(found, judges[0])
    given_back = [
        lambda row=row: acceptances.decline(row, reason="No.", by=row.decision.proposal.lead)
        for row in Acceptance.objects.select_related("decision__proposal__lead")
    ]
    ended = at_once(lambda: sets.sign(found, judges[1]), *given_back)
    assert ended == {"DecisionSet": 1, "Acceptance": 3}
    assert {ledger.balance(b.account).available for b in call.budgets.all()} == {700 * HOUR}
