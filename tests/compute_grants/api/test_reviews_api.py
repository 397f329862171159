"""Reviews, ties, waivers and rebuttal over the API."""

import pytest

from compute_grants.models import ReviewAssignment, TechnicalCheck
from tests.compute_grants.api.test_grants_api import Api
from tests.factories import compute_grants as make
from tests.factories.consortium import deployment_officer, member, research_officer, reviewer
from tests.factories.reviews import RebuttalWindowFactory, TieFactory

DUE = "2030-01-01T17:00:00+08:00"


@pytest.fixture
def office(db) -> Api:
    return Api(research_officer())


@pytest.fixture
def confirmed(db) -> ReviewAssignment:
    return make.AssignmentFactory.create(
        proposal=make.proposal_for(make.call_with(), state="peer_review"), confirmed=True
    )


def test_a_draft_with_its_version(confirmed):
    mine = Api(confirmed.reviewer)
    first = confirmed.proposal.call.criteria.first().pk
    scores = [{"criterion": first, "value": 3, "reason": "So far."}]
    path = f"reviews/{confirmed.pk}/draft/"
    assert mine.post(path, version=0, scores=scores)["version"] == 1
    assert mine.post(path, version=1, scores=[], comment="More.")["version"] == 2
    mine.post(path, 409, version=1, scores=scores)
    Api(reviewer()).post(path, 404, version=2, scores=[])


def test_decline_without_conflict(confirmed):
    mine = Api(confirmed.reviewer)
    body = mine.post(f"reviews/{confirmed.pk}/decline/", reason="No time.", suggestion="Ada")
    assert (body["state"], body["suggestion"]) == ("declined", "Ada")
    mine.post(f"reviews/{confirmed.pk}/decline/", 409, reason="No time.")


def test_the_office_extends_replaces_and_takes_back(office, confirmed):
    path = f"reviews/{confirmed.pk}"
    assert office.post(f"{path}/extend/", due_at=DUE, reason="Ill.")["due_at"].startswith("2030")
    Api(confirmed.reviewer).post(f"{path}/extend/", 403, due_at=DUE, reason="x")
    other = reviewer()
    made = office.post(f"{path}/replace/", 201, reviewer=other.pk, due_at=DUE, reason="Silent.")
    assert (made["reviewer"], made["state"]) == (other.pk, "invited")
    office.post(f"{path}/take-back/", 409, reason="x")
    taken = office.post(f"reviews/{made['id']}/take-back/", reason="Enough.")
    assert taken["state"] == "withdrawn"


def test_reopen_and_keep(office, confirmed):
    proposal = confirmed.proposal
    assignment = make.review_of(proposal).assignment
    path = f"reviews/{assignment.pk}"
    assert office.post(f"{path}/reopen/", reason="Again.", due_at=DUE)["state"] == "reopened"
    mine = Api(assignment.reviewer)
    mine.post(f"{path}/revise/", 409)
    assert mine.post(f"{path}/keep/")["state"] == "submitted"


def test_self_review_is_refused(office, confirmed):
    proposal = confirmed.proposal
    proposal.lead = confirmed.reviewer
    proposal.save()
    office.post(
        f"proposals/{proposal.number}/assign/", 409, reviewer=confirmed.reviewer.pk, due_at=DUE
    )
    scores = [
        {"criterion": c.pk, "value": 5, "reason": "Mine."} for c in proposal.call.criteria.all()
    ]
    mine = Api(confirmed.reviewer)
    mine.post(f"reviews/{confirmed.pk}/submit/", 409, scores=scores, comment="x")
    ReviewAssignment.objects.update(state="invited")
    mine.post(f"reviews/{confirmed.pk}/declare/", 409, conflict="")


def test_ties(office):
    person = Api(reviewer())
    tie = person.post("ties/", 201, kind="advising", other_email="ada@example.org")
    assert tie["source"] == "declared"
    person.post("ties/", 403, kind="advising", other_email="b@example.org", person=office.user.pk)
    added = office.post(
        "ties/", 201, kind="family", other_email="b@example.org", person=person.user.pk
    )
    assert added["source"] == "imported"
    assert len(person.get("ties/")["results"]) == 2
    person.post(f"ties/{added['id']}/retract/", 403, reason="No.")
    person.post(f"ties/{tie['id']}/retract/", reason="A mistake.")
    person.post("ties/", 422, kind="employment")
    Api(reviewer()).get(f"ties/{tie['id']}/", 404)


def test_the_other_side_of_the_wall_sees_no_ties(db):
    Api(deployment_officer()).get("ties/", 403)


def test_waivers_take_two(office):
    person = reviewer()
    proposal = make.proposal_for(make.call_with(), state="peer_review")
    tie = TieFactory.create(person=person, other_email=proposal.lead.email)
    body = {"proposal": proposal.number, "reviewer": person.pk, "reason": "The only one."}
    office.post("waivers/", 409, ground="family:1", **body)
    made = office.post("waivers/", 201, ground=f"collaboration:{tie.pk}", **body)
    path = f"waivers/{made['id']}"
    office.post(f"{path}/approve/", 403)
    second = Api(research_officer())
    second.post(f"{path}/refuse/", 422)
    assert second.post(f"{path}/approve/")["state"] == "approved"
    assert office.post(f"{path}/revoke/", note="More came up.")["state"] == "revoked"
    Api(person).get(f"{path}/", 404)


def test_windows_are_versions(office):
    made = office.post(
        "review-policies/", 201, since="2030-01-01", reason="Council.", collaborator_months=36
    )
    assert (made["collaborator_months"], made["co_editor_months"]) == (36, 24)
    office.post("review-policies/", 409, since="2030-01-01", reason="Again.")
    assert len(Api(reviewer()).get("review-policies/")["results"]) == 1
    Api(reviewer()).post("review-policies/", 403, since="2031-01-01", reason="x")


def test_rebuttal(office):
    proposal = make.proposal_for(make.call_with(), state="peer_review")
    review = make.review_of(proposal)
    office.post("rebuttals/open/", 409, proposal=proposal.number, until=DUE)
    make.review_of(proposal)
    window = office.post("rebuttals/open/", 201, proposal=proposal.number, until=DUE)
    path = f"rebuttals/{window['id']}"
    lead = Api(proposal.lead)
    rows = lead.get(f"{path}/reviews/")
    assert {"reviewer", "confidential_note", "waived"}.isdisjoint(rows[0])
    assert lead.post(f"{path}/answer/", review=review.pk, text="Table 2.")["answer"] == "Table 2."
    lead.post(f"{path}/answer/", 409, review=review.pk, text="More.")
    Api(review.assignment.reviewer).get(f"{path}/reviews/", 403)
    Api(reviewer()).get(f"{path}/reviews/", 404)
    seen = Api(review.assignment.reviewer).get(f"reviews/{review.assignment.pk}/reviews/")
    assert "Table 2." in {row["answer"] for row in seen}


def test_windows_of_others_are_not_there(db):
    window = RebuttalWindowFactory.create()
    assert Api(reviewer()).get("rebuttals/")["results"] == []
    assert len(Api(window.proposal.lead).get("rebuttals/")["results"]) == 1


def test_the_checklist(db):
    proposal = make.proposal_for(make.call_with(), state="technical_review")
    request = proposal.requests.select_related("resource__machine__centre").get()
    centre = Api(make.operator_of(request.resource.machine.centre))
    path = f"proposals/{proposal.number}/technical-review/"
    fails = [{"item": "software", "result": "fail", "note": "No licence."}]
    body = {"request": request.pk, "reason": "Why."}
    centre.post(path, 422, verdict="feasible", checks=fails, **body)
    centre.post(path, 422, verdict="feasible", checks=[{"item": "colour"}], **body)
    answer = centre.post(path, verdict="infeasible", checks=fails, **body)
    (asked,) = answer["requests"]
    lines = {row["item"]: row["result"] for row in asked["technical_review"]["checks"]}
    assert lines["software"] == "fail"
    assert set(lines) <= set(TechnicalCheck.Item)


def test_a_tie_that_was_found_is_read_with_its_evidence_and_disputed(office):
    tie = TieFactory.create(found=True, person=member(), with_person=member())
    proposal = tie.evidence.get().proposal
    person, other = Api(tie.person), Api(tie.with_person)
    for reader in (person, other, office):
        body = reader.get(f"ties/{tie.pk}/")
        assert body["with_person"] == tie.with_person_id
        (row,) = body["evidence"]
        assert (row["kind"], row["number"], row["doi"]) == ("proposal", proposal.number, "")
    person.post(f"ties/{tie.pk}/retract/", 403, reason="No.")
    office.post(f"ties/{tie.pk}/dispute/", 403, reason="No.")
    made = other.post(f"ties/{tie.pk}/dispute/", 201, reason="Another person.")
    assert made["state"] == "open"
    other.post(f"ties/{tie.pk}/dispute/", 409, reason="Again.")
    assert person.get("tie-disputes/")["results"] == []
    path = f"tie-disputes/{made['id']}"
    other.post(f"{path}/accept/", 403, note="x")
    assert office.post(f"{path}/refuse/", note="It is yours.")["state"] == "refused"
    office.post(f"{path}/accept/", 409, note="x")
