"""Drafts, declining, reopening, extension, replacement, reminders."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.utils import timezone

from compute_grants.actions import assignments as care
from compute_grants.actions import panel, reminders, review_drafts, reviews
from compute_grants.actions.reviews import Mark
from compute_grants.models import Proposal, Review, ReviewDraft, ReviewReminder, ReviewVersion
from compute_grants.queries.panel import standings_of
from compute_grants.queries.tasks.reviews import overdue
from consortium.errors import Invalid, WrongState
from consortium.models import AuditEvent, Notification, User
from tests.factories import compute_grants as make
from tests.factories.consortium import (
    AffiliationFactory,
    deployment_officer,
    member,
    operator,
    research_officer,
    reviewer,
)
from tests.factories.reviews import RebuttalWindowFactory

DAY = timedelta(days=1)


def later(days: int = 14):
    return timezone.now() + days * DAY


@pytest.fixture
def office(db):
    return research_officer()


@pytest.fixture
def confirmed(db):
    return make.AssignmentFactory.create(
        proposal=make.proposal_for(make.call_with(), state="peer_review"), confirmed=True
    )


@pytest.fixture
def submitted(confirmed):
    submit(confirmed)
    confirmed.refresh_from_db()
    return confirmed


def marks(assignment, value=4):
    criteria = assignment.proposal.call.criteria.all()
    return {c.pk: Mark(value, "Because.") for c in criteria}


def submit(assignment, value=4, comment="Good.") -> Review:
    return reviews.submit(
        assignment, marks=marks(assignment, value), comment=comment, by=assignment.reviewer
    )


def content(assignment, reason="So far.", value=3):
    first = assignment.proposal.call.criteria.first()
    return {"scores": {str(first.pk): {"value": value, "reason": reason}}, "comment": "Draft."}


def save(assignment, version=0, by=None, **more):
    return review_drafts.save(
        assignment,
        content=content(assignment, **more),
        version=version,
        by=by or assignment.reviewer,
    )


# Drafts


def test_a_draft_is_kept_unfinished(confirmed):
    draft = save(confirmed)
    assert (draft.version, draft.content["comment"]) == (1, "Draft.")
    assert len(draft.content["scores"]) == confirmed.proposal.call.criteria.count()
    assert not Review.objects.exists()


def test_saving_again_counts_versions_and_nothing_changed_counts_none(confirmed):
    save(confirmed)
    assert save(confirmed, 1).version == 1
    assert save(confirmed, 1, reason="More.").version == 2


def test_a_newer_draft_is_never_overwritten(confirmed):
    save(confirmed)
    save(confirmed, 1, reason="From the other window.")
    with pytest.raises(review_drafts.DraftChanged) as caught:
        save(confirmed, 1, reason="From this one.")
    assert caught.value.now.version == 2
    stored = ReviewDraft.objects.get().content["scores"]
    assert "From the other window." in str(stored)


def test_only_its_reviewer_writes_it(confirmed, office):
    for who in (office, reviewer(), confirmed.proposal.lead):
        with pytest.raises(PermissionDenied):
            save(confirmed, by=who)


@pytest.mark.parametrize("trait", ["", "declined", "submitted"])
def test_not_before_confirming_nor_after(confirmed, trait):
    other = make.AssignmentFactory.create(
        proposal=confirmed.proposal, **{trait: True} if trait else {}
    )
    with pytest.raises(review_drafts.NotWriting):
        save(other)


@pytest.mark.parametrize("value", [6, -1, "5", [1]])
def test_hostile_scores_are_refused(confirmed, value):
    with pytest.raises(Invalid):
        save(confirmed, value=value)


def test_foreign_criteria_and_fields_are_dropped(confirmed):
    foreign = make.CallFactory.create().criteria.first()
    draft = review_drafts.save(
        confirmed,
        content={"scores": {str(foreign.pk): {"value": 1, "reason": "x"}}, "state": "submitted"},
        version=0,
        by=confirmed.reviewer,
    )
    assert str(foreign.pk) not in draft.content["scores"]
    assert "state" not in draft.content


def test_a_text_without_end_is_refused(confirmed):
    with pytest.raises(Invalid, match="20,000"):
        save(confirmed, reason="x" * 20_001)


def test_submitting_ends_the_draft(confirmed):
    save(confirmed)
    submit(confirmed)
    assert not ReviewDraft.objects.exists()


# Conflicts that come up later, in every path


def test_a_conflict_that_came_up_since_stops_the_review(confirmed):
    AffiliationFactory.create(user=confirmed.reviewer, institution=confirmed.proposal.institution)
    with pytest.raises(reviews.Conflict, match="institution"):
        submit(confirmed)
    assert not Review.objects.exists()


def test_self_review_is_refused_on_every_path(confirmed, office):
    """The reviewer has become the lead since: invite, declare, submit."""
    proposal, person = confirmed.proposal, confirmed.reviewer
    proposal.lead = person
    proposal.save()
    invited = make.AssignmentFactory.create(proposal=proposal)
    invited.reviewer = person
    with pytest.raises(reviews.Conflict, match="leads this"):
        submit(confirmed)
    confirmed.state = "invited"
    confirmed.save()
    with pytest.raises(reviews.Conflict, match="leads this"):
        reviews.declare(confirmed, conflict="", by=person)
    with pytest.raises(reviews.Conflict, match="leads this"):
        reviews.assign(proposal, reviewer=person, due_at=later(), by=office)


# Declining for want of time


@pytest.mark.parametrize("trait", ["", "confirmed"])
def test_decline_with_a_name(confirmed, trait):
    one = make.AssignmentFactory.create(
        proposal=confirmed.proposal, **{trait: True} if trait else {}
    )
    done = reviews.decline(one, reason="No time.", suggestion="Ada", by=one.reviewer)
    assert (done.state, done.suggestion, done.conflict) == ("declined", "Ada", "")
    assert Notification.objects.get(code="review.declined").person == one.assigned_by


def test_decline_says_why(confirmed):
    with pytest.raises(Invalid):
        reviews.decline(confirmed, reason=" ", by=confirmed.reviewer)


def test_only_the_invited_declines_and_once(confirmed, office):
    with pytest.raises(PermissionDenied):
        reviews.decline(confirmed, reason="x", by=office)
    reviews.decline(confirmed, reason="x", by=confirmed.reviewer)
    with pytest.raises(WrongState):
        reviews.decline(confirmed, reason="x", by=confirmed.reviewer)


# Reopening


def reopen(assignment, by, reason="Score the third criterion again."):
    return care.reopen(assignment, reason=reason, due_at=later(), by=by)


def test_reopen_and_revise_keeps_every_version(submitted, office):
    assert reopen(submitted, office).state == "reopened"
    draft = ReviewDraft.objects.get()
    assert draft.content["comment"] == "Good."
    review = submit(submitted, 2, "Revised.")
    assert (review.version, review.comment) == (2, "Revised.")
    kept = ReviewVersion.objects.order_by("version")
    assert [v.content["comment"] for v in kept] == ["Good.", "Revised."]
    assert set(review.scores.values_list("value", flat=True)) == {2}


def test_a_reopened_review_counts_until_it_is_submitted_again(submitted, office):
    reopen(submitted, office)
    assert standings_of([submitted.proposal])[submitted.proposal_id].reviews == 1


def test_nothing_is_ranked_while_one_is_reopened(submitted, office):
    call = submitted.proposal.call
    call.state, call.reviewers_per_proposal = "in_review", 1
    call.save()
    reopen(submitted, office)
    with pytest.raises(panel.NothingToRank):
        panel.rank(call, by=make.panellist(call))


def test_a_review_of_somebody_who_then_declines_counts_no_more(submitted, office):
    reopen(submitted, office)
    reviews.declare(submitted, conflict="We now share a lab.", by=submitted.reviewer)
    assert standings_of([submitted.proposal])[submitted.proposal_id].reviews == 0
    assert not Review.objects.visible_to(office).exists()


@pytest.mark.parametrize("who", [member, operator, reviewer, deployment_officer])
def test_only_the_office_reopens(submitted, who):
    with pytest.raises(PermissionDenied):
        reopen(submitted, who())


def test_nobody_of_the_office_reopens_their_own(submitted, office):
    submitted.reviewer = office
    submitted.save()
    with pytest.raises(PermissionDenied, match="colleague"):
        reopen(submitted, office)


def test_reopening_says_why(submitted, office):
    with pytest.raises(Invalid):
        reopen(submitted, office, reason="")


@pytest.mark.parametrize("state", ["ranked", "awarded", "withdrawn"])
def test_not_after_peer_review(submitted, office, state):
    Proposal.objects.filter(pk=submitted.proposal_id).update(state=state)
    with pytest.raises(reviews.NotUnderReview):
        reopen(submitted, office)


def test_only_what_is_in_is_reopened(confirmed, office):
    with pytest.raises(WrongState):
        reopen(confirmed, office)


def test_keep_it_as_it_was(submitted, office):
    reopen(submitted, office)
    assert care.keep(submitted, by=submitted.reviewer).state == "submitted"
    assert Review.objects.get().version == 1
    with pytest.raises(care.NothingExpected):
        care.keep(submitted, by=submitted.reviewer)


def test_a_confirmed_review_cannot_be_kept_as_it_was(confirmed):
    with pytest.raises(care.NothingExpected):
        care.keep(confirmed, by=confirmed.reviewer)


def test_revise_only_while_rebuttal_is_open(submitted):
    with pytest.raises(care.NoRebuttalOpen):
        care.revise(submitted, by=submitted.reviewer)
    window = RebuttalWindowFactory.create(proposal=submitted.proposal)
    assert care.revise(submitted, by=submitted.reviewer).due_at == window.until


def test_a_closed_window_revises_nothing(submitted):
    RebuttalWindowFactory.create(
        proposal=submitted.proposal,
        opened_at=timezone.now() - 2 * DAY,
        until=timezone.now() - DAY,
    )
    with pytest.raises(care.NoRebuttalOpen):
        care.revise(submitted, by=submitted.reviewer)


# Extension, taking back, replacement


def test_extend(confirmed, office):
    due = later(30)
    done = care.extend(confirmed, due_at=due, reason="Travels.", by=office)
    assert done.due_at == due
    event = AuditEvent.objects.get(action="review.extended")
    assert event.detail["reason"] == "Travels."


def test_extension_lies_after_what_was_due_and_says_why(confirmed, office):
    for due, reason in ((confirmed.due_at, "x"), (later(-1), "x"), (later(40), " ")):
        with pytest.raises(Invalid):
            care.extend(confirmed, due_at=due, reason=reason, by=office)


def test_nothing_to_extend_once_it_is_in(submitted, office):
    with pytest.raises(care.NothingExpected):
        care.extend(submitted, due_at=later(40), reason="x", by=office)


def test_taken_back_closes_the_proposal(confirmed, office):
    person = confirmed.reviewer
    assert Proposal.objects.visible_to(person).exists()
    care.take_back(confirmed, reason="Too late.", by=office)
    assert not Proposal.objects.visible_to(person).exists()


def test_replace_in_one_step(confirmed, office):
    other = reviewer()
    made = care.replace(confirmed, reviewer=other, due_at=later(), reason="Silent.", by=office)
    confirmed.refresh_from_db()
    assert (confirmed.state, made.reviewer, made.state) == ("withdrawn", other, "invited")


def test_a_replacement_with_a_conflict_changes_nothing(confirmed, office):
    colleague = reviewer(confirmed.proposal.institution)
    with pytest.raises(reviews.Conflict):
        care.replace(confirmed, reviewer=colleague, due_at=later(), reason="x", by=office)
    confirmed.refresh_from_db()
    assert confirmed.state == "confirmed"


def test_what_is_in_is_not_taken_back(submitted, office):
    with pytest.raises(WrongState):
        care.take_back(submitted, reason="x", by=office)


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
    assert not list(overdue(office))
    reminders.remind()
    (task,) = overdue(office)
    assert confirmed.proposal.number in task.title
    confirmed.refresh_from_db()
    assert confirmed.state == "confirmed"  # nothing moves on by itself
    care.extend(confirmed, due_at=later(), reason="Agreed.", by=office)
    assert not list(overdue(User.objects.get(pk=office.pk)))


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
