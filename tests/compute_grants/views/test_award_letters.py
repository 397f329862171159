"""Letters about decisions: on the page, on paper, and checked by whoever holds one."""

import io

import pytest
from django.test import Client
from django.urls import reverse
from pypdf import PdfReader

from compute_grants.models import DecisionLetter
from compute_grants.queries.award_letters import sha256_of
from tests.compute_grants.api.test_grants_api import Api
from tests.compute_grants.views.person import Person, text
from tests.factories import compute_grants as make
from tests.factories import decision_sets as sets
from tests.factories.consortium import operator, research_officer


@pytest.fixture
def call(db):
    return make.call_with(
        state="in_review", rules_en="Name the programme.", rules_zh="须注明资助。"
    )


@pytest.fixture
def panel(call):
    return [make.panellist(call) for _ in range(2)]


def decided(call, panel, outcome: str = "awarded", **fields):
    proposal = make.proposal_for(call, state="ranked", hours=1_504)
    make.review_of(proposal)
    sets.published(*panel, sets.choice(proposal, outcome, **fields))
    return proposal


def test_an_award_letter_in_both_languages_on_paper(call, panel):
    proposal = decided(call, panel, hours=1_504)
    letter = DecisionLetter.objects.get()
    assert sha256_of(letter.content) == letter.sha256
    page = text(Person(proposal.lead).get("decision_letter", proposal.number))
    for words in ("1,504 card-hours", "one thousand five hundred and four", panel[1].name):
        assert words in page
    answer = Person(proposal.lead).get("decision_letter_pdf", proposal.number)
    assert answer["Content-Type"] == "application/pdf"
    chinese, english = PdfReader(io.BytesIO(answer.content)).pages
    assert "一千五百零四" in chinese.extract_text() and "须注明资助" in chinese.extract_text()
    assert "Name the programme." in english.extract_text()
    for side in (chinese, english):
        told = "".join(side.extract_text().split())
        assert letter.number in told and letter.sha256 in told


def test_a_rejection_gives_the_reason_and_what_the_reviewers_wrote(call, panel):
    proposal = decided(call, panel, "rejected", reason="Ranked below the cut line.")
    page = text(Person(proposal.lead).get("decision_letter", proposal.number))
    assert "Ranked below the cut line." in page and "Well argued." in page
    reviewers = [row.reviewer.name for row in proposal.assignments.all()]
    assert reviewers and not any(name in page for name in reviewers)
    assert "Between us." not in page


def test_the_waitlist_has_no_letter(call, panel):
    proposal = decided(call, panel, "waitlisted")
    assert Person(proposal.lead).get("decision_letter", proposal.number).status_code == 404


def test_who_reads_it(call, panel):
    proposal = decided(call, panel)
    centre = proposal.requests.get().resource.machine.centre
    for who, status in (
        (research_officer(), 200),
        (panel[0], 200),
        (operator(centre), 404),
        (proposal.assignments.get().reviewer, 404),
    ):
        assert Person(who).get("decision_letter", proposal.number).status_code == status
    (row,) = Api(proposal.lead).get("decision-letters/")["results"]
    assert row["content"]["proposal"] == proposal.number
    Api(operator(centre)).get(f"decision-letters/{row['number']}/", 404)


def test_whoever_holds_a_letter_checks_it(call, panel):
    proposal = decided(call, panel)
    letter = DecisionLetter.objects.get()
    anybody = Client()
    found = anybody.get(reverse("compute_grants:letter_check", args=[letter.sha256]))
    assert found.status_code == 200 and letter.number in text(found)
    assert proposal.title_en not in text(found)
    other = anybody.get(reverse("compute_grants:letter_check", args=["0" * 64]))
    assert other.status_code == 404 and "No letter with this fingerprint" in text(other)
