"""Rebuttal: once to each review, without names, within its window."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from compute_grants.actions import panel, rebuttals
from compute_grants.models import Rebuttal
from compute_grants.queries.rebuttals import reviews_to_answer
from compute_grants.queries.tasks.reviews import to_answer
from consortium.errors import Invalid
from consortium.inbox import read_together
from consortium.models import Notification
from tests.factories import compute_grants as make
from tests.factories.consortium import (
    deployment_officer,
    member,
    operator,
    research_officer,
    reviewer,
)
from tests.factories.reviews import RebuttalWindowFactory

DAY = timedelta(days=1)
HOUR = make.HOUR


@pytest.fixture
def office(db):
    return research_officer()


@pytest.fixture
def reviewed(db):
    """In peer review with both reviews in."""
    proposal = make.proposal_for(make.call_with(), state="peer_review")
    for _ in range(2):
        make.review_of(proposal)
    return proposal


@pytest.fixture
def window(reviewed):
    return RebuttalWindowFactory.create(proposal=reviewed)


def open_(proposal, by, days=7):
    return rebuttals.open_window(proposal, until=timezone.now() + days * DAY, by=by)


def test_open_tells_the_lead(reviewed, office):
    open_(reviewed, office)
    assert Notification.objects.get().person == reviewed.lead
    (task,) = read_together(to_answer(reviewed.lead))
    assert reviewed.number in task.title


def test_not_before_all_reviews_are_in(reviewed, office):
    make.AssignmentFactory.create(proposal=reviewed, confirmed=True)
    with pytest.raises(rebuttals.ReviewsMissing, match="2 of 3"):
        open_(reviewed, office)


def test_not_with_fewer_than_the_call_asks(office):
    proposal = make.proposal_for(make.call_with(), state="peer_review")
    make.review_of(proposal)
    with pytest.raises(rebuttals.ReviewsMissing):
        open_(proposal, office)


@pytest.mark.parametrize("state", ["technical_review", "ranked", "awarded"])
def test_only_in_peer_review(office, state):
    proposal = make.proposal_for(make.call_with(), state=state)
    for _ in range(2):
        make.review_of(proposal)
    with pytest.raises(rebuttals.ReviewsMissing):
        open_(proposal, office)


def test_its_end_moves_on_and_never_back(reviewed, office, window):
    with pytest.raises(rebuttals.RebuttalOpen):
        open_(reviewed, office, days=1)
    assert open_(reviewed, office, days=20).until > window.until


def test_an_end_in_the_past(reviewed, office):
    with pytest.raises(Invalid):
        open_(reviewed, office, days=-1)


@pytest.mark.parametrize("who", [member, operator, reviewer, deployment_officer])
def test_only_the_office_opens_it(reviewed, who):
    with pytest.raises(PermissionDenied):
        open_(reviewed, who())


def test_the_lead_reads_nothing_before(reviewed):
    assert reviews_to_answer(reviewed) == []


def test_one_answer_to_each(reviewed, window):
    first, second = reviews_to_answer(reviewed)
    made = rebuttals.answer(first, text="Table 2 shows it.", by=reviewed.lead)
    assert made.review_version == 1
    with pytest.raises(rebuttals.AlreadyAnswered):
        rebuttals.answer(first, text="And more.", by=reviewed.lead)
    rebuttals.answer(second, text="We agree.", by=reviewed.lead)
    assert Rebuttal.objects.count() == 2
    assert not read_together(to_answer(reviewed.lead))


def test_the_reviewer_is_told(reviewed, window):
    review = reviews_to_answer(reviewed)[0]
    rebuttals.answer(review, text="No.", by=reviewed.lead)
    assert Notification.objects.get().person == review.assignment.reviewer


def test_only_the_lead_answers(reviewed, window, office):
    review = reviews_to_answer(reviewed)[0]
    for who in (office, review.assignment.reviewer, member(reviewed.institution)):
        with pytest.raises(PermissionDenied):
            rebuttals.answer(review, text="x", by=who)


def test_not_after_its_end_by_a_second(reviewed, window):
    window.until = timezone.now() - timedelta(seconds=1)
    window.save()
    review = reviews_to_answer(reviewed)[0]
    with pytest.raises(rebuttals.RebuttalClosed):
        rebuttals.answer(review, text="Late.", by=reviewed.lead)


def test_an_empty_answer(reviewed, window):
    with pytest.raises(Invalid):
        rebuttals.answer(reviews_to_answer(reviewed)[0], text=" ", by=reviewed.lead)


def test_nothing_is_ranked_while_it_is_open(reviewed, window):
    call = reviewed.call
    call.state = "in_review"
    call.save()
    judge = make.panellist(call)
    with pytest.raises(panel.NothingToRank):
        panel.rank(call, by=judge)
    window.until = timezone.now() - timedelta(seconds=1)
    window.save()
    assert panel.rank(call, by=judge) == 1
