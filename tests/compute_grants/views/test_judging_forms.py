"""Forms of those who check, judge, review and decide."""

import pytest
from django.urls import reverse

from compute_grants.models import (
    Proposal,
    Review,
    ReviewAssignment,
    TechnicalCheck,
)
from tests.compute_grants.views.person import HOUR, Person, text
from tests.factories import compute_grants as make
from tests.factories import decision_sets as sets
from tests.factories.consortium import (
    research_officer,
    reviewer,
)

# The office, the centre, reviewers, the panel


def test_the_office_checks(db):
    call = make.call_with()
    office = Person(research_officer())
    complete = make.proposal_for(call, state="submitted")
    lacking = make.proposal_for(call, state="submitted")
    office.send("proposal_send_on", complete.number)
    assert office.send("proposal_return", lacking.number, reason="").status_code == 422
    office.send("proposal_return", lacking.number, reason="Name the data.")
    states = [Proposal.objects.get(pk=p.pk).state for p in (complete, lacking)]
    assert states == ["technical_review", "returned"]
    assert "Name the data." in text(Person(lacking.lead).get("proposal", lacking.number))


def test_the_centre_judges(db):
    proposal = make.proposal_for(make.call_with(), state="technical_review")
    request = proposal.requests.get()
    centre = Person(make.operator_of(request.resource.machine.centre))
    where = (proposal.number, request.pk)
    assert "verdict" in text(centre.get("proposal", proposal.number))
    lines = {f"result_{item}": "ok" for item in TechnicalCheck.Item}
    lines |= {"result_memory": "concern", "note_memory": "Tight."}
    response = centre.send("technical_review", *where, verdict="partly", reason="Half.", **lines)
    assert response.status_code == 422 and "Half." in text(response) and "Tight." in text(response)
    silent = centre.send("technical_review", *where, verdict="feasible", reason="Half.")
    assert silent.status_code == 422
    sent = centre.send(
        "technical_review", *where, verdict="partly", reason="Half.", cap_hours=50, **lines
    )
    assert sent.status_code == 302
    assert request.technical_review.cap_seconds == 50 * HOUR


def test_the_office_invites_and_sees_conflicts(db):
    proposal = make.proposal_for(make.call_with(), state="peer_review")
    fit, colleague = reviewer(), reviewer(proposal.institution)
    office = Person(research_officer())
    page = text(office.get("assignment_list", proposal.number))
    assert "its related group" in page
    due = "2030-01-01T17:00"
    bad = office.send("assignment_list", proposal.number, reviewer=colleague.pk, due_at=due)
    assert bad.status_code == 422
    office.send("assignment_list", proposal.number, reviewer=fit.pk, due_at=due)
    assert ReviewAssignment.objects.get().reviewer == fit


def test_declare_then_read_then_review(db):
    assignment = make.AssignmentFactory.create()
    person = Person(assignment.reviewer)
    make.review_of(assignment.proposal)
    page = person.get("review", assignment.pk)
    assert page.url == reverse("compute_grants:review_declare", args=[assignment.pk])
    before = text(person.get("review_declare", assignment.pk))
    assert assignment.proposal.science_case not in before
    unsure = person.send("review_declare", assignment.pk, answer="none", conflict="But")
    assert unsure.status_code == 422
    person.send("review_declare", assignment.pk, answer="none", conflict="")
    page = text(person.get("review", assignment.pk))
    assert "Why it matters." in page and "Well argued." not in page
    criteria = list(assignment.proposal.call.criteria.all())
    scores = {f"score_{c.pk}": 4 for c in criteria} | {f"reason_{c.pk}": "So." for c in criteria}
    half = person.send("review", assignment.pk, **scores)
    assert half.status_code == 422 and "So." in text(half)
    person.send("review", assignment.pk, comment="Kept.", **scores)
    assert Review.objects.filter(assignment=assignment).exists()
    assert "Well argued." in text(person.get("review", assignment.pk))


def test_decline(db):
    assignment = make.AssignmentFactory.create()
    person = Person(assignment.reviewer)
    silent = person.send("review_declare", assignment.pk, answer="conflict", conflict="")
    assert silent.status_code == 422
    person.send("review_declare", assignment.pk, answer="conflict", conflict="My student.")
    assert person.get("proposal", assignment.proposal.number).status_code == 404
    assert "You declined" in text(person.get("review_declare", assignment.pk))


@pytest.fixture
def ranked(db) -> Proposal:
    proposal = make.proposal_for(make.call_with(state="in_review", hours=100), state="ranked")
    make.review_of(proposal)
    return proposal


def test_the_board_masks_what_its_reader_has_an_interest_in(ranked):
    judge = make.panellist(ranked.call)
    own = make.proposal_for(ranked.call, state="ranked", lead=judge, title_en="My secret own")
    page = text(Person(judge).get("board", ranked.call.code))
    assert own.number in page and "My secret own" not in page
    assert ranked.title_en in page
    assert Person(reviewer(panellist=True)).get("board", ranked.call.code).status_code == 403


def test_rank_from_the_board(db):
    call = make.call_with(state="in_review")
    proposal = make.proposal_for(call, state="peer_review")
    judge = Person(make.panellist(call))
    assert judge.send("call_rank", call.code).status_code == 409
    for _ in range(2):
        make.review_of(proposal)
    assert judge.send("call_rank", call.code).status_code == 302
    assert Proposal.objects.get().state == "ranked"


def test_applicants_read_reviews_after_the_decision_without_names(ranked):
    name = ranked.assignments.get().reviewer.name
    lead = Person(ranked.lead)
    assert "Well argued." not in text(lead.get("proposal", ranked.number))
    first, second = (make.panellist(ranked.call) for _ in range(2))
    sets.published(first, second, sets.choice(ranked, "rejected"))
    page = text(lead.get("proposal", ranked.number))
    assert "Well argued." in page and "Reviewer 1" in page
    assert "Between us." not in page and name not in page
