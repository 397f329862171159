"""Ties that the portal finds in outputs and proposals, and what people say against them."""

from datetime import date, timedelta
from io import StringIO

import pytest
from django.core.exceptions import PermissionDenied
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.utils import timezone, translation

from compute_grants.actions import (
    assignment_plans,
    outputs,
    planned_pairs,
    reviews,
    tie_disputes,
    ties,
)
from compute_grants.actions.tie_detection import detect
from compute_grants.models import AssignmentPlan, Tie, TieDispute
from compute_grants.policies.conflicts import conflicts_between
from compute_grants.queries.tasks.reviews import disputes_to_answer
from consortium.errors import Invalid, WrongState
from consortium.identifiers import orcid_check_digit
from consortium.inbox import read_together
from consortium.models import AuditEvent, Notification
from tests.factories import compute_grants as make
from tests.factories.allocations import active
from tests.factories.consortium import (
    PersonFactory,
    deployment_officer,
    principal,
    research_officer,
    reviewer,
)
from tests.factories.outputs import output_of
from tests.factories.proposals import TeamMemberFactory
from tests.factories.reviews import TieDisputeFactory, TieEvidenceFactory, TieFactory

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def identified(person, n):
    """The person with the ORCID iD that begins with this number."""
    digits = f"{n:015}"
    written = digits + orcid_check_digit(digits)
    person.orcid = "-".join(written[at : at + 4] for at in range(0, 16, 4))
    person.save()
    return person


@pytest.fixture
def one():
    return identified(reviewer(), 1)


@pytest.fixture
def two():
    return identified(principal(), 2)


def published(*people, year=None, **more):
    """An output of somebody else's grant that these people wrote."""
    grant = active()
    authors = [outputs.Author(person.name, person.orcid) for person in people]
    return output_of(grant, authors=authors, year=year or timezone.localdate().year, **more)


def found():
    return Tie.objects.get(source="detected", retracted_at=None)


def evidence(tie):
    return {row.number for row in tie.evidence.all()}


# What is found


def test_co_authors_are_tied_by_their_orcids(one, two):
    paper = published(one, two)
    assert detect().made == 1
    tie = found()
    assert (tie.person, tie.with_person, tie.kind) == (one, two, "collaboration")
    assert tie.other_email == two.email
    assert tie.until == date(paper.year, 12, 31)
    assert evidence(tie) == {paper.number}
    event = AuditEvent.objects.get(action="tie.detected")
    assert event.detail == {"people": [one.pk, two.pk], "evidence": [paper.number]}


def test_a_name_alone_is_nobody(one, two):
    grant = active()
    output_of(grant, authors=[outputs.Author(one.name, one.orcid), outputs.Author(two.name)])
    assert detect().made == 0


@pytest.mark.parametrize(("years", "made"), [(3, 1), (4, 1), (5, 0)])
def test_the_window_is_the_policys(one, two, years, made):
    """48 months before 24 November of a year: what came out in the fourth year before counts."""
    today = date(2026, 11, 24)
    published(one, two, year=today.year - years)
    assert detect(today).made == made


def test_who_worked_on_one_proposal(one, two):
    proposal = make.ProposalFactory.create(peer_review=True, lead=two)
    TeamMemberFactory.create(proposal=proposal, user=one, confirmed=True)
    TeamMemberFactory.create(proposal=proposal, user=PersonFactory.create(), invited=True)
    TeamMemberFactory.create(proposal=proposal, user=PersonFactory.create(), declined=True)
    assert detect().made == 1
    assert evidence(found()) == {proposal.number}
    assert found().until == timezone.localdate(proposal.submitted_at)


def test_a_grant_in_hand_is_work_until_its_end(one):
    grant = active()
    TeamMemberFactory.create(proposal=grant.proposal, user=one, confirmed=True)
    detect()
    assert found().until == grant.ends_on


def test_a_draft_is_no_work_done(one):
    proposal = make.ProposalFactory.create()
    TeamMemberFactory.create(proposal=proposal, user=one, confirmed=True)
    assert detect().made == 0


def test_as_often_as_one_likes(one, two):
    published(one, two)
    detect()
    before = list(Tie.objects.values()), AuditEvent.objects.count()
    again = detect()
    assert (again.made, again.changed, again.withdrawn) == (0, 0, 0)
    assert (list(Tie.objects.values()), AuditEvent.objects.count()) == before


def test_more_work_is_added_to_the_tie(one, two):
    first = published(one, two, year=timezone.localdate().year - 1)
    detect()
    second = published(one, two, doi="10.5555/second")
    assert detect().changed == 1
    assert evidence(found()) == {first.number, second.number}
    assert found().until == date(second.year, 12, 31)


def test_what_is_taken_back_supports_nothing(one, two):
    first = published(one, two)
    second = published(one, two, doi="10.5555/second")
    detect()
    outputs.remove(first, by=first.added_by)
    assert detect().changed == 1
    assert evidence(found()) == {second.number}
    outputs.remove(second, by=second.added_by)
    assert detect().withdrawn == 1
    assert not Tie.objects.standing().exists()
    assert AuditEvent.objects.filter(action="tie.withdrawn").count() == 1
    published(one, two, doi="10.5555/third")
    assert detect().made == 1


def test_what_people_stated_is_not_doubled(one, two):
    stated = ties.record(two, kind="collaboration", other_email=one.email, by=two)
    published(one, two)
    assert detect().made == 0
    ties.retract(stated, reason="Long ago.", by=two)
    assert detect().made == 1


def test_a_new_address_is_followed(one, two):
    published(one, two)
    detect()
    two.email = "moved@example.org"
    two.save()
    assert detect().changed == 1
    assert found().other_email == "moved@example.org"


def test_the_command_says_what_it_did(one, two):
    published(one, two)
    out = StringIO()
    call_command("detect_ties", stdout=out)
    assert out.getvalue() == "1 found, 0 changed, 0 withdrawn\n"


# What it prevents


@pytest.mark.parametrize("way", ["first", "second"])
def test_no_co_author_is_invited(way):
    """Whichever of the two has the account that is older."""
    people = [reviewer(), principal()] if way == "first" else [principal(), reviewer()]
    judge, lead = people if way == "first" else reversed(people)
    identified(judge, 1)
    identified(lead, 2)
    paper = published(judge, lead)
    proposal = make.ProposalFactory.create(peer_review=True, lead=lead)
    detect()
    with pytest.raises(reviews.Conflict, match=f"published or worked .* in {paper.number}"):
        reviews.assign(
            proposal, reviewer=judge, due_at=timezone.now() + 14 * DAY, by=research_officer()
        )
    with translation.override("zh-hans"):
        (reason,) = conflicts_between([proposal], [judge])[proposal.pk, judge.pk]
        assert reason.text == (f"近48个月内与{lead.name}合著或合作（见于{paper.number}）")


def test_no_plan_pairs_them_and_says_why(one, two):
    paper = published(one, two)
    proposal = make.ProposalFactory.create(peer_review=True, lead=two)
    detect()
    office = research_officer()
    plan = assignment_plans.ask(proposal.call, per_proposal=1, most=2, by=office)
    assignment_plans.compute_waiting()
    plan = AssignmentPlan.objects.get(pk=plan.pk)
    assert not plan.pairs.filter(reviewer=one).exists()
    with pytest.raises(planned_pairs.BreaksARule, match=paper.number):
        planned_pairs.add(plan, proposal=proposal, reviewer=one, by=office)


# Who reads it, and objections


@pytest.fixture
def tie(one, two):
    published(one, two)
    detect()
    return found()


def test_both_read_it_and_nobody_else(tie, one, two):
    for person in (one, two, research_officer()):
        assert Tie.objects.visible_to(person).get() == tie
    for person in (reviewer(), deployment_officer()):
        assert not Tie.objects.visible_to(person).exists()
    assert two.email in tie.other_of(one)
    assert one.email in tie.other_of(two)


def test_nobody_takes_back_what_binds_them(tie, one, two):
    for person in (one, two):
        with pytest.raises(PermissionDenied, match="Dispute it"):
            ties.retract(tie, reason="No.", by=person)


@pytest.mark.parametrize("side", ["one", "two"])
def test_either_disputes_and_it_counts_until_the_answer(tie, request, side):
    person, office = request.getfixturevalue(side), research_officer()
    made = tie_disputes.dispute(tie, reason="Another Ada.", by=person)
    assert Tie.objects.standing().filter(pk=tie.pk).exists()
    assert len(read_together(disputes_to_answer(office))) == 1
    assert not read_together(disputes_to_answer(person))
    tie_disputes.answer(made, accept=True, note="The iD was mistyped.", by=office)
    assert not Tie.objects.standing().exists()
    assert Notification.objects.get(person=person).code == "tie.dispute_accepted"
    assert detect().made == 0, "the same evidence is settled"
    tie.refresh_from_db()
    paper = published(tie.person, tie.with_person, doi="10.5555/new")
    assert detect().made == 1
    assert evidence(found()) == {paper.number}


def test_a_refusal_leaves_it(tie, one):
    made = tie_disputes.dispute(tie, reason="No.", by=one)
    tie_disputes.answer(made, accept=False, note="It is your paper.", by=research_officer())
    assert Tie.objects.standing().get() == tie
    assert Notification.objects.get(person=one).code == "tie.dispute_refused"
    with pytest.raises(WrongState):
        tie_disputes.answer(made, accept=True, note="x", by=research_officer())
    assert tie_disputes.dispute(tie, reason="Look again.", by=one).pk != made.pk


def test_one_dispute_waits_at_a_time(tie, one, two):
    tie_disputes.dispute(tie, reason="No.", by=one)
    with pytest.raises(tie_disputes.AlreadyDisputed):
        tie_disputes.dispute(tie, reason="No.", by=two)


def test_who_may_not_dispute(tie, one):
    for person in (reviewer(), research_officer()):
        with pytest.raises(PermissionDenied):
            tie_disputes.dispute(tie, reason="x", by=person)
    stated = TieFactory.create(person=one)
    with pytest.raises(PermissionDenied, match="taken back"):
        tie_disputes.dispute(stated, reason="x", by=one)
    with pytest.raises(Invalid):
        tie_disputes.dispute(tie, reason=" ", by=one)


def test_who_may_not_answer(tie, one):
    office = research_officer()
    bound = TieFactory.create(found=True, person=office)
    own = tie_disputes.dispute(bound, reason="No.", by=office)
    with pytest.raises(PermissionDenied, match="colleague"):
        tie_disputes.answer(own, accept=True, note="x", by=office)
    made = tie_disputes.dispute(tie, reason="No.", by=one)
    with pytest.raises(PermissionDenied):
        tie_disputes.answer(made, accept=True, note="x", by=reviewer())
    with pytest.raises(Invalid):
        tie_disputes.answer(made, accept=True, note=" ", by=office)


def test_taking_it_back_answers_the_dispute(tie, one):
    made = tie_disputes.dispute(tie, reason="No.", by=one)
    ties.retract(tie, reason="Another person.", by=research_officer())
    made.refresh_from_db()
    assert (made.state, made.answer) == ("accepted", "Another person.")
    assert detect().made == 0


def test_withdrawal_closes_the_dispute(one, two):
    paper = published(one, two)
    detect()
    made = tie_disputes.dispute(found(), reason="No.", by=one)
    outputs.remove(paper, by=paper.added_by)
    detect()
    made.refresh_from_db()
    assert (made.state, made.answered_by) == ("accepted", None)


def test_the_database_holds_its_rules():
    row = TieEvidenceFactory.create()
    with pytest.raises(IntegrityError), transaction.atomic():
        TieEvidenceFactory.create(tie=row.tie, proposal=None)
    with pytest.raises(IntegrityError), transaction.atomic():
        Tie.objects.filter(pk=row.tie_id).update(source="declared")
    made = TieDisputeFactory.create(tie=row.tie)
    with pytest.raises(IntegrityError), transaction.atomic():
        TieDispute.objects.filter(pk=made.pk).update(state="refused", answered_by=made.raised_by)
