"""The waitlist: its order, and how it moves when time comes back."""

import uuid

import pytest
from django.core.exceptions import PermissionDenied

from compute_grants.actions import decision_sets, panel, waitlist
from compute_grants.models import Allocation, DecisionSet, Proposal, WaitlistPlace
from compute_grants.queries.tasks import tasks_for
from consortium.actions import ledger
from consortium.errors import Invalid, WrongState
from consortium.models import Notification, User
from tests.factories import compute_grants as make
from tests.factories import decision_sets as sets

HOUR = make.HOUR


@pytest.fixture
def call(db):
    """A call whose hundred hours are all awarded."""
    made = make.call_with(hours=100, state="in_review")
    judge = make.panellist(made)
    taker = make.proposal_for(made, state="ranked")
    panel.award(
        taker,
        seconds={taker.requests.get().pk: 100 * HOUR},
        starts_on=sets.START,
        ends_on=sets.END,
        reason="First.",
        by=judge,
    )
    return made


def waiting(call, judge, *, hours: int = 40, scores=(3, 3, 3)) -> Proposal:
    proposal = make.proposal_for(call, state="ranked", hours=hours)
    if scores:
        make.review_of(proposal, scores)
    panel.waitlist(proposal, reason="Later.", by=judge)
    return proposal


def gives_back(call, hours: int) -> None:
    """Time of the awarded grant returns to the call, as a reclaim has it."""
    ledger.post(
        key=uuid.uuid4(),
        debit=Allocation.objects.get().account,
        credit=call.budgets.get().account,
        amount=hours * HOUR,
        code="returned",
        by=None,
    )


def offered() -> list[tuple[str, int]]:
    """What stands in open sets: (number, hours)."""
    items = DecisionSet.objects.filter(state="draft").values_list(
        "items__proposal__number", "items__lines__seconds"
    )
    return [(number, seconds // HOUR) for number, seconds in items]


def test_whoever_is_best_and_fits_comes_next(call, judge):
    low = waiting(call, judge, scores=(2, 2, 2))
    best = waiting(call, judge, hours=60, scores=(5, 5, 5))
    unread = waiting(call, judge, scores=None)
    order = WaitlistPlace.objects.waiting().in_order().values_list("proposal", flat=True)
    assert list(order) == [best.pk, low.pk, unread.pk]
    assert waitlist.sweep() == 0
    gives_back(call, 50)
    assert waitlist.sweep() == 1  # sixty do not fit, so the next one who does
    assert offered() == [(low.number, 40)]
    assert waitlist.sweep() == 0
    assert Proposal.objects.get(pk=low.pk).state == "waitlisted"


def test_it_is_proposed_and_never_awarded(call, judge):
    proposal = waiting(call, judge)
    gives_back(call, 50)
    waitlist.sweep()
    found = DecisionSet.objects.get()
    assert (found.made_by, found.state) == (None, "draft")
    told = Notification.objects.get(code="waitlist.offered", person=judge)
    assert told.href == found.get_absolute_url()
    (task,) = tasks_for(User.objects.get(pk=judge.pk))
    assert task.href == found.get_absolute_url()
    second = make.panellist(call)
    decision_sets.propose(found, by=judge)
    for person in (judge, second):
        sets.sign(found, person)
    assert Proposal.objects.get(pk=proposal.pk).state == "awarded"
    assert ledger.balance(call.budgets.get().account).available == 10 * HOUR
    assert not WaitlistPlace.objects.waiting().exists()


def test_a_minimum_that_makes_sense_comes_sooner(call, judge):
    proposal = waiting(call, judge, hours=80)
    gives_back(call, 45)
    assert waitlist.sweep() == 0
    waitlist.set_least(proposal.waitlist_place, percent=50, by=proposal.lead)
    assert waitlist.sweep() == 1
    assert offered() == [(proposal.number, 45)]


def test_what_is_there_already_did_not_come_back(db):
    call = make.call_with(hours=100, state="in_review")
    judge = make.panellist(call)
    waiting(call, judge)
    assert waitlist.sweep() == 0


def test_what_its_own_set_awards_is_time_that_may_come_back(db):
    """It is waitlisted before the award that stands beside it in the set is carried out."""
    call = make.call_with(hours=100, state="in_review")
    judges = [make.panellist(call) for _ in range(2)]
    waits, taker = (make.proposal_for(call, state="ranked", hours=40) for _ in range(2))
    sets.published(
        *judges, sets.choice(waits, "waitlisted"), sets.choice(taker, hours=40), note="Both."
    )
    assert waitlist.sweep() == 0
    gives_back(call, 40)
    assert waitlist.sweep() == 1
    assert offered() == [(waits.number, 40)]


def test_one_that_was_taken_out_waits_for_still_more(call, judge):
    first = waiting(call, judge, scores=(5, 5, 5))
    second = waiting(call, judge)
    gives_back(call, 50)
    waitlist.sweep()
    found = DecisionSet.objects.get()
    decision_sets.discard(found, reason="Not this one.", by=judge)
    assert waitlist.sweep() == 1
    assert offered() == [(second.number, 40)]
    assert waitlist.sweep() == 0
    gives_back(call, 40)
    assert waitlist.sweep() == 1
    assert offered() == [(second.number, 40), (first.number, 40)]


def test_what_an_open_set_wants_is_not_offered_twice(call, judge):
    other = make.proposal_for(call, state="ranked", hours=30)
    waiting(call, judge)
    gives_back(call, 50)
    found = sets.draft(judge, sets.choice(other, hours=30))
    assert waitlist.sweep() == 0
    decision_sets.discard(found, reason="No.", by=judge)
    assert waitlist.sweep() == 1


def test_only_the_lead_says_the_least_and_only_while_waiting(call, judge):
    proposal = waiting(call, judge)
    place = proposal.waitlist_place
    with pytest.raises(PermissionDenied):
        waitlist.set_least(place, percent=50, by=judge)
    for percent in (0, 101):
        with pytest.raises(Invalid):
            waitlist.set_least(place, percent=percent, by=proposal.lead)
    panel.reject(proposal, reason="No time.", by=judge)
    with pytest.raises(WrongState):
        waitlist.set_least(place, percent=50, by=proposal.lead)
