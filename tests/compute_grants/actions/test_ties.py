"""Ties, the windows in which they count, and waivers by two people."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils import timezone

from compute_grants.actions import reviews, ties, waivers
from compute_grants.models import ReviewPolicy, Tie, Waiver
from compute_grants.policies.conflicts import conflicts_between
from compute_grants.queries.proposals import with_scores
from compute_grants.queries.tasks.reviews import waivers_to_decide
from consortium.errors import Invalid, WrongState
from consortium.inbox import read_together
from consortium.models import AuditEvent
from tests.factories import compute_grants as make
from tests.factories.consortium import (
    AffiliationFactory,
    InstitutionFactory,
    deployment_officer,
    member,
    research_officer,
    reviewer,
    staff,
)
from tests.factories.reviews import TieFactory, WaiverFactory

DAY = timedelta(days=1)


@pytest.fixture
def office(db):
    return research_officer()


@pytest.fixture
def person(db):
    return reviewer()


@pytest.fixture
def proposal(db):
    return make.ProposalFactory.create(peer_review=True)


def collaborate(person, by=None, **more):
    fields = {"kind": "collaboration", "other_email": "Ada@Example.org"} | more
    return ties.record(person, **fields, by=by or person)


# Keeping ties


def test_one_states_ones_own(person):
    tie = collaborate(person, other_name="Ada")
    assert (tie.source, tie.other_email) == ("declared", "ada@example.org")
    assert AuditEvent.objects.get().action == "tie.recorded"


def test_the_office_adds(person, office):
    assert collaborate(person, by=office).source == "imported"


@pytest.mark.parametrize("who", [member, reviewer, deployment_officer])
def test_nobody_else_states_them(person, who):
    with pytest.raises(PermissionDenied):
        collaborate(person, by=who())


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"other_email": ""}, "other_email"),
        ({"kind": "employment"}, "institution"),
        ({"kind": "employment"}, "other_email"),
        ({"since": date(2026, 2, 1), "until": date(2026, 1, 1)}, "until"),
        ({"since": date(2999, 1, 1)}, "since"),
    ],
)
def test_what_a_tie_needs(person, fields, field):
    with pytest.raises(Invalid) as caught:
        collaborate(person, **fields)
    assert field in caught.value.errors


def test_no_tie_with_oneself(person):
    with pytest.raises(Invalid):
        collaborate(person, other_email=person.email.upper())


def test_no_institution_on_a_tie_with_a_person(person):
    with pytest.raises(Invalid) as caught:
        collaborate(person, institution=InstitutionFactory.create())
    assert "institution" in caught.value.errors


def test_the_same_twice(person):
    collaborate(person)
    with pytest.raises(ties.AlreadyStated):
        collaborate(person)


def test_take_back_and_state_anew(person):
    tie = ties.retract(collaborate(person), reason="Another Ada.", by=person)
    assert tie.retracted_at
    with pytest.raises(ties.AlreadyRetracted):
        ties.retract(tie, reason="Again.", by=person)
    assert collaborate(person).pk != tie.pk


def test_what_the_office_recorded_is_not_taken_back_by_the_person(person, office):
    tie = collaborate(person, by=office)
    with pytest.raises(PermissionDenied, match="Ask the office"):
        ties.retract(tie, reason="I disagree.", by=person)
    assert ties.retract(tie, reason="A mistake.", by=office).retracted_at


def test_taking_back_says_why(person):
    with pytest.raises(Invalid):
        ties.retract(collaborate(person), reason=" ", by=person)


def test_who_reads_ties(person, office):
    tie = TieFactory.create(person=person, other_email=member().email)
    assert Tie.objects.visible_to(person).get() == tie
    assert Tie.objects.visible_to(office).get() == tie
    assert Tie.objects.visible_to(staff("auditor")).get() == tie
    for who in (reviewer(), deployment_officer(), staff("secretariat"), make.panellist()):
        assert not Tie.objects.visible_to(who).exists()


# Windows


def test_the_next_version_keeps_what_is_left_out(office):
    today = timezone.localdate()
    made = ties.set_policy(since=today, collaborator_months=36, reason="Council.", by=office)
    assert (made.collaborator_months, made.co_editor_months) == (36, 24)
    later = ties.set_policy(since=today + DAY, co_editor_months=12, reason="More.", by=office)
    assert (later.collaborator_months, later.co_editor_months) == (36, 12)
    assert ReviewPolicy.objects.on(today) == made
    assert ReviewPolicy.objects.on(today - DAY).pk is None


def test_the_past_stays(office):
    with pytest.raises(Invalid):
        ties.set_policy(since=timezone.localdate() - DAY, reason="x", by=office)


def test_one_version_a_day(office):
    ties.set_policy(since=timezone.localdate(), reason="x", by=office)
    with pytest.raises(ties.PolicyTaken):
        ties.set_policy(since=timezone.localdate(), reason="x", by=office)


@pytest.mark.parametrize("who", [member, reviewer, deployment_officer])
def test_only_the_office_sets_them(db, who):
    with pytest.raises(PermissionDenied):
        ties.set_policy(since=timezone.localdate(), reason="x", by=who())


# Waivers


@pytest.fixture
def ground(person, proposal):
    tie = TieFactory.create(person=person, other_email=proposal.lead.email)
    return f"collaboration:{tie.pk}"


def ask(proposal, person, ground, by, **more):
    return waivers.ask(
        proposal, reviewer=person, ground=ground, reason="The only expert.", by=by, **more
    )


def due():
    return timezone.now() + 14 * DAY


def test_two_people_open_the_way(proposal, person, ground, office):
    waiver = ask(proposal, person, ground, office)
    with pytest.raises(reviews.Conflict):
        reviews.assign(proposal, reviewer=person, due_at=due(), by=office)
    waivers.decide(waiver, approve=True, by=research_officer())
    assert reviews.assign(proposal, reviewer=person, due_at=due(), by=office).pk


def test_nobody_approves_what_they_asked(proposal, person, ground, office):
    waiver = ask(proposal, person, ground, office)
    with pytest.raises(PermissionDenied, match="second person"):
        waivers.decide(waiver, approve=True, by=office)


def test_the_database_holds_two_people_apart(proposal, person, office):
    with pytest.raises(IntegrityError), transaction.atomic():
        WaiverFactory.create(
            proposal=proposal, reviewer=person, asked_by=office, decided_by=office, state="approved"
        )


@pytest.mark.parametrize("who", [member, reviewer, deployment_officer])
def test_nobody_else_asks_or_decides(proposal, person, ground, office, who):
    with pytest.raises(PermissionDenied):
        ask(proposal, person, ground, who())
    waiver = ask(proposal, person, ground, office)
    with pytest.raises(PermissionDenied):
        waivers.decide(waiver, approve=True, by=who())


def test_nobody_asks_for_themselves(proposal, office):
    with pytest.raises(PermissionDenied, match="oneself"):
        ask(proposal, office, "collaboration:1", office)


def test_nobody_of_the_proposals_house_decides(proposal, person, ground, office):
    waiver = ask(proposal, person, ground, office)
    second = research_officer()
    AffiliationFactory.create(user=second, institution=proposal.institution)
    with pytest.raises(PermissionDenied, match="institution"):
        waivers.decide(waiver, approve=True, by=second)


def test_self_review_is_never_waived(office):
    lead = reviewer()
    proposal = make.ProposalFactory.create(peer_review=True, lead=lead)
    with pytest.raises(waivers.NeverWaived):
        ask(proposal, lead, "lead:0", office)


def test_only_a_known_conflict_is_waived(proposal, person, office):
    with pytest.raises(waivers.NoSuchConflict):
        ask(proposal, person, "family:99", office)


def test_asked_once(proposal, person, ground, office):
    ask(proposal, person, ground, office)
    with pytest.raises(waivers.AlreadyAsked):
        ask(proposal, person, ground, office)


@pytest.mark.parametrize("days", [-1, 181])
def test_it_ends_within_the_policys_days(proposal, person, ground, office, days):
    with pytest.raises(Invalid):
        ask(proposal, person, ground, office, expires_on=timezone.localdate() + days * DAY)


def test_refusal_says_why_and_leaves_the_conflict(proposal, person, ground, office):
    waiver = ask(proposal, person, ground, office)
    second = research_officer()
    with pytest.raises(Invalid):
        waivers.decide(waiver, approve=False, by=second)
    waivers.decide(waiver, approve=False, note="Ask Ada.", by=second)
    assert conflicts_between([proposal], [person])
    with pytest.raises(WrongState):
        waivers.decide(waiver, approve=True, by=second)
    assert ask(proposal, person, ground, office).pk  # may be asked anew


def test_revoked_before_the_review_is_in(proposal, person, ground, office):
    waiver = ask(proposal, person, ground, office)
    waivers.decide(waiver, approve=True, by=research_officer())
    assignment = reviews.assign(proposal, reviewer=person, due_at=due(), by=office)
    reviews.declare(assignment, conflict="", by=person)
    waivers.revoke(waiver, note="More came up.", by=office)
    marks = {c.pk: reviews.Mark(3, "x") for c in proposal.call.criteria.all()}
    with pytest.raises(reviews.Conflict):
        reviews.submit(assignment, marks=marks, comment="x", by=person)


def test_an_expired_one_opens_nothing(proposal, person, ground, office):
    WaiverFactory.create(
        proposal=proposal,
        reviewer=person,
        ground=ground,
        approved=True,
        expires_on=timezone.localdate() - DAY,
    )
    with pytest.raises(reviews.Conflict):
        reviews.assign(proposal, reviewer=person, due_at=due(), by=office)


def test_the_panel_is_shown_it(proposal, person, ground):
    WaiverFactory.create(proposal=proposal, reviewer=person, ground=ground, approved=True)
    review = make.review_of(proposal, by=person)
    make.review_of(proposal)
    rows = {row.pk: row.waived for row in with_scores(type(review).objects.all())}
    assert rows.pop(review.pk) == [
        "published or worked with the lead: No other expert reads this field."
    ]
    assert list(rows.values()) == [[]]


def test_it_waits_for_the_second_person_only(proposal, person, ground, office):
    ask(proposal, person, ground, office)
    assert not read_together(waivers_to_decide(office))
    assert len(read_together(waivers_to_decide(research_officer()))) == 1
    assert not read_together(waivers_to_decide(member()))


def test_who_sees_waivers(proposal, person, office):
    WaiverFactory.create(proposal=proposal, reviewer=person)
    assert Waiver.objects.visible_to(office).exists()
    for who in (person, proposal.lead, deployment_officer(), make.panellist(proposal.call)):
        assert not Waiver.objects.visible_to(who).exists()
