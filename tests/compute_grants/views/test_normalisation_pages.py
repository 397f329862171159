"""Adjusted scores on the page, in the file and over the API; who sees which part."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.compute_grants.api.test_grants_api import Api
from tests.compute_grants.views.person import Person, text
from tests.factories import compute_grants as make
from tests.factories.consortium import (
    AffiliationFactory,
    deployment_officer,
    member,
    research_officer,
    reviewer,
    staff,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def call():
    call = make.call_with(state="in_review")
    strict, mild = reviewer(), reviewer()
    type(strict).objects.filter(pk=strict.pk).update(name_en="Strict Sun", name_zh="")
    for title, shift in (("Ocean waves", 0), ("Protein folding", 1)):
        proposal = make.proposal_for(call, state="peer_review", title_en=title, title_zh=title)
        make.review_of(proposal, (1 + shift,) * 3, by=strict)
        make.review_of(proposal, (3 + shift,) * 3, by=mild)
    return call


def test_the_office_reads_scores_and_strictness(call):
    page = text(Person(research_officer()).get("normalisation", call.code))
    assert "Ocean waves" in page and "Strict Sun" in page
    assert page.index("Protein folding") < page.index("Ocean waves")
    assert "scores-chart-option" in page


def test_the_panel_reads_scores_only(call):
    page = text(Person(make.panellist(call)).get("normalisation", call.code))
    assert "Ocean waves" in page and "Strict Sun" not in page


@pytest.mark.parametrize("who", [member, reviewer, make.panellist, deployment_officer])
def test_nobody_else_reads_them(call, who):
    person = Person(who())
    for page in ("normalisation", "normalisation_csv"):
        assert person.get(page, call.code).status_code in {403, 404}


def test_ones_own_side_is_a_number_only(call):
    judge = make.panellist(call)
    mine = call.proposals.get(title_en="Ocean waves")
    AffiliationFactory.create(user=judge, institution=mine.institution)
    person = Person(judge)
    page = text(person.get("normalisation", call.code))
    assert mine.number in page and "Ocean waves" not in page
    assert mine.number not in b"".join(person.get("normalisation_csv", call.code)).decode()
    rows = {r["number"]: r for r in Api(judge).get(f"normalisations/{call.code}/")["proposals"]}
    assert rows[mine.number] == {
        "number": mine.number,
        "hidden": "interest",
        "raw": 0,
        "adjusted": None,
        "group": 0,
    }


def test_not_before_ones_own_review_is_in(call):
    judge = make.panellist(call)
    asked = call.proposals.get(title_en="Ocean waves")
    make.AssignmentFactory.create(proposal=asked, reviewer=judge, confirmed=True)
    page = text(Person(judge).get("normalisation", call.code))
    assert "Ocean waves" not in page and "Shown once your own review" in page


def test_a_call_without_reviews_says_so():
    call = make.call_with()
    page = text(Person(staff("auditor")).get("normalisation", call.code))
    assert "No review is in" in page


def test_groups_that_share_nobody_are_said(call):
    make.review_of(make.proposal_for(call, state="peer_review"))
    page = text(Person(research_officer()).get("normalisation", call.code))
    assert "The reviews fall into groups" in page


def test_over_the_api(call):
    body = Api(research_officer()).get(f"normalisations/{call.code}/")
    assert (body["reviews"], body["groups"]) == (4, 1)
    best, last = body["proposals"]
    assert best["adjusted"]["score"] > last["adjusted"]["score"]
    assert best["raw"] == pytest.approx(3.0)
    Api(reviewer()).get(f"normalisations/{call.code}/", 403)


def test_as_many_queries_for_few_as_for_many(call):
    person = Person(make.panellist(call))

    def count() -> int:
        with CaptureQueriesContext(connection) as seen:
            assert person.get("normalisation", call.code).status_code == 200
        return len(seen)

    count()
    few = count()
    for _ in range(3):
        make.review_of(make.proposal_for(call, state="peer_review"))
    assert count() == few <= 15
