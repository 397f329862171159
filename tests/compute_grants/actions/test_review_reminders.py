"""Reminders: each step once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from compute_grants.actions import assignments as care
from compute_grants.actions import reminders
from compute_grants.models import ReviewReminder
from compute_grants.queries.tasks.reviews import overdue
from consortium.inbox import read_together
from consortium.models import Notification, User
from tests.compute_grants.actions.reviewing import DAY, later
from tests.factories import compute_grants as make

# Reminders


def due(assignment, **delta):
    assignment.due_at = timezone.now() + timedelta(**delta)
    assignment.assigned_at = timezone.now() - 30 * DAY
    assignment.save()


def codes():
    return list(Notification.objects.order_by("pk").values_list("code", flat=True))


@pytest.mark.parametrize(
    ("hours", "code"),
    [(100, None), (48, "review.due_soon"), (-1, "review.due"), (-80, "review.escalated")],
)
def test_each_step_at_its_time(confirmed, office, hours, code):
    due(confirmed, hours=hours)
    reminders.remind()
    assert set(codes()) == ({code} if code else set())


def test_each_step_once_whatever_the_sweep_does(confirmed, office):
    due(confirmed, hours=48)
    assert reminders.remind() == 1
    assert reminders.remind() == 0
    due_at = confirmed.due_at
    for after in (1, 80):
        assert reminders.remind(due_at + timedelta(hours=after)) == 1
        assert reminders.remind(due_at + timedelta(hours=after)) == 0
    assert set(ReviewReminder.objects.values_list("step", flat=True)) == {
        "before",
        "due",
        "escalated",
    }


def test_an_extension_begins_anew(confirmed, office):
    due(confirmed, hours=-1)
    reminders.remind()
    care.extend(confirmed, due_at=later(1), reason="Ill.", by=office)
    assert reminders.remind() == 1
    assert codes()[-1] == "review.due_soon"


def test_nobody_is_reminded_of_what_is_in_or_over(submitted, office):
    due(submitted, hours=-100)
    other = make.AssignmentFactory.create(proposal=submitted.proposal, declined=True)
    due(other, hours=-100)
    ranked = make.AssignmentFactory.create(
        proposal=make.proposal_for(submitted.proposal.call, state="ranked"), confirmed=True
    )
    due(ranked, hours=-100)
    assert reminders.remind() == 0


def test_a_short_deadline_is_not_announced_at_once(confirmed):
    due(confirmed, hours=10)
    confirmed.assigned_at = timezone.now()
    confirmed.save()
    assert reminders.remind() == 0


def test_escalation_is_the_offices_task_until_it_is_extended(confirmed, office):
    due(confirmed, hours=-100)
    assert not read_together(overdue(office))
    reminders.remind()
    (task,) = read_together(overdue(office))
    assert confirmed.proposal.number in task.title
    confirmed.refresh_from_db()
    assert confirmed.state == "confirmed"  # nothing moves on by itself
    care.extend(confirmed, due_at=later(), reason="Agreed.", by=office)
    assert not read_together(overdue(User.objects.get(pk=office.pk)))


@pytest.mark.django_db(transaction=True)
def test_two_sweeps_at_once_remind_once():
    one = make.AssignmentFactory.create(
        proposal=make.ProposalFactory.create(peer_review=True), confirmed=True
    )
    due(one, hours=-1)

    def sweep(_n: int) -> int:
        try:
            return reminders.remind()
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(sweep, range(4))) == 1
    assert codes() == ["review.due"]
