"""Pages and API of the closing of grants."""

import io

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pypdf import PdfReader

from compute_grants.actions import closures
from compute_grants.models import Closure
from tests.compute_grants.api.test_grants_api import Api
from tests.compute_grants.views.person import Person, text
from tests.factories.allocations import active
from tests.factories.closures import settled
from tests.factories.consortium import member, research_officer

pytestmark = pytest.mark.django_db


@pytest.fixture
def office() -> Person:
    return Person(research_officer())


def test_from_the_checklist_to_the_statement(office):
    grant = settled()
    page = text(office.get("closure", grant.number))
    assert "Close the books" in page
    lead = Person(grant.proposal.lead)
    assert "Only the R&amp;D office" in text(lead.get("closure", grant.number))
    assert office.send("closure", grant.number).status_code == 302
    assert Closure.objects.get().content_hash in text(lead.get("closure", grant.number))
    assert Person(member()).get("closure", grant.number).status_code == 404


def test_the_statement_on_paper_in_both_languages(office):
    grant = settled()
    assert office.get("closure_statement", grant.number).status_code == 404
    closure = closures.close_books(grant, by=office.user)
    answer = office.get("closure_statement", grant.number)
    assert answer["Content-Type"] == "application/pdf"
    pages = [page.extract_text() for page in PdfReader(io.BytesIO(answer.content)).pages]
    assert len(pages) == 2
    assert all(closure.content_hash[:16] in "".join(page.split()) for page in pages)
    assert grant.proposal.title_zh in pages[0]
    assert grant.proposal.title_en in pages[1]


def test_what_is_not_ready_is_refused_with_the_reason(office):
    grant = settled(days=3)
    page = office.send("closure", grant.number)
    assert page.status_code == 409
    assert "Late records are waited for" in text(page)


def test_many_are_named_before_and_after(office):
    ready, early = settled(), settled(days=3)
    page = text(office.get("closure_list"))
    assert ready.number in page
    both = [ready.number, early.number]
    confirm = text(office.send("closure_list", grants=both))
    assert ready.number in confirm
    assert "will be closed" in confirm
    done = text(office.send("closure_list", grants=both, act="close"))
    assert early.number in done
    assert Closure.objects.get().allocation == ready
    assert office.send("closure_list", grants=["none"]).status_code == 422


def test_the_list_asks_a_fixed_number_of_queries(office):
    counts = []
    office.get("closure_list")
    for n in (1, 3):
        for _ in range(n):
            settled()
        with CaptureQueriesContext(connection) as queries:
            assert office.get("closure_list").status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 12, counts


def test_the_lead_ends_it_early_on_the_page(office):
    grant = active()
    lead = Person(grant.proposal.lead)
    assert "End the grant early" in text(lead.get("closure", grant.number))
    assert lead.send("grant_end_early", grant.number, reason="Done.").status_code == 422
    sent = lead.send("grant_end_early", grant.number, reason="Done.", confirm="on")
    assert sent["Location"] == reverse("compute_grants:closure", args=[grant.number])
    assert office.get("grant_end_early", grant.number).status_code == 403


def test_over_the_api():
    office = Api(research_officer())
    grant, early = settled(), settled(days=3)
    found = office.get(f"closures/{grant.number}/checklist/")
    assert found["ready"] is True
    Api(grant.proposal.lead).post("closures/", 403, grant=grant.number)
    rows = office.post("closures/bulk/", grants=[grant.number, early.number])
    assert [row["closed"] for row in rows] == [True, False]
    office.post("closures/", 409, grant=grant.number)
    assert office.get(f"closures/{grant.number}/")["grant"] == grant.number
    running = active()
    mine = Api(running.proposal.lead)
    mine.post(f"closures/{running.number}/end-early/", 422, reason="x", confirm=False)
    done = mine.client.post(
        f"/api/v1/closures/{running.number}/end-early/",
        {"reason": "Done.", "confirm": True},
        content_type="application/json",
    )
    assert done.status_code == 204


def test_the_list_says_when_a_grant_really_ended(office):
    grant = active()
    closures.end_early(grant, reason="Done.", confirm=True, by=grant.proposal.lead)
    (row,) = office.get("closure_list").context["rows"]
    assert row.ended_on == timezone.localdate() < grant.ends_on
