"""Versions, the receipt on paper, and clones, on pages and over the API."""

import hashlib
import io
from datetime import timedelta

import pytest
from django.utils import timezone
from pypdf import PdfReader

from compute_grants.actions import proposals
from compute_grants.models import Proposal
from tests.compute_grants.api.test_grants_api import Api
from tests.compute_grants.views.person import Person, text
from tests.factories import compute_grants as make
from tests.factories.consortium import principal, research_officer


@pytest.fixture
def twice(db) -> Proposal:
    """Handed in, returned, changed and handed in again."""
    draft = make.proposal_for(make.call_with())
    proposals.submit(draft, by=draft.lead)
    proposals.send_back(draft, reason="Name the data.", by=research_officer())
    proposals.save(draft, version=1, by=draft.lead, data_ethics="Digits of 1998.")
    proposals.submit(draft, by=draft.lead)
    draft.refresh_from_db()
    return draft


def test_side_by_side(twice):
    lead = Person(twice.lead)
    page = text(lead.get("proposal_versions", twice.number))
    assert "Public data only." in page and "Digits of 1998." in page
    assert twice.content_hash in page
    url = f"/proposals/{twice.number}/versions/?left=2&right=2"
    assert "say the same" in text(lead.client.get(url))
    assert Person(principal()).get("proposal_versions", twice.number).status_code == 404


def test_nothing_handed_in(db):
    draft = make.proposal_for(make.call_with())
    lead = Person(draft.lead)
    assert "Nothing was handed in" in text(lead.get("proposal_versions", draft.number))
    assert lead.get("proposal_receipt_pdf", draft.number).status_code == 404


def test_the_receipt_on_paper_in_both_languages(twice):
    answer = Person(twice.lead).get("proposal_receipt_pdf", twice.number)
    assert answer["Content-Type"] == "application/pdf"
    pages = PdfReader(io.BytesIO(answer.content)).pages
    chinese, english = ("".join(page.extract_text().split()) for page in pages)
    assert "Receipt" in english and "Receipt" not in chinese
    for page in (chinese, english):
        assert twice.number in page and twice.content_hash[:40] in page


def test_a_new_draft_from_the_page(twice):
    lead = Person(twice.lead)
    call = make.call_with(twice.requests.get().resource)
    page = text(lead.get("proposal_clone", twice.number))
    assert "Not copied: the team" in page and call.code in page
    sent = lead.send("proposal_clone", twice.number, call=call.pk, institution=twice.institution_id)
    made = Proposal.objects.get(call=call)
    assert sent.status_code == 302 and made.number in sent.url
    assert made.data_ethics == "Digits of 1998."


def test_over_the_api(twice):
    lead, path = Api(twice.lead), f"proposals/{twice.number}"
    first, second = reversed(lead.get(f"{path}/submissions/"))
    assert (first["version"], second["version"]) == (1, 2)
    found = lead.get(f"{path}/compare/?left=1&right=2")
    assert [(row["before"], row["after"]) for row in found] == [
        ("Public data only.", "Digits of 1998.")
    ]
    lead.get(f"{path}/compare/?left=1&right=7", status=404)
    lead.get(f"{path}/compare/?left=1", status=422)
    call = make.call_with(twice.requests.get().resource)
    given = {"call": call.code, "institution": twice.institution.slug}
    made = lead.post(f"{path}/clone/", status=201, **given)
    assert Proposal.objects.get(number=made["number"]).call == call
    Api(principal()).get(f"{path}/submissions/", status=404)


@pytest.mark.parametrize(("late", "status"), [(-1, 302), (0, 409), (1, 409)])
def test_to_the_second(db, monkeypatch, late, status):
    """One second before the deadline it is taken; at the deadline and after it is not."""
    draft = make.proposal_for(make.call_with())
    closes_at = timezone.now().replace(microsecond=0) + timedelta(hours=1)
    draft.call.rounds.update(closes_at=closes_at)
    type(draft.call).objects.update(closes_at=closes_at)
    monkeypatch.setattr(timezone, "now", lambda: closes_at + timedelta(seconds=late))
    lead = Person(draft.lead)
    sent = lead.send("proposal_check", draft.number, version=1)
    assert sent.status_code == status
    if late < 0:
        again = lead.send("proposal_check", draft.number, version=1)
        assert again.status_code == 409 and "was submitted at" in text(again)
        digest = Proposal.objects.get().content_hash
        assert len(digest) == len(hashlib.sha256().hexdigest())
    else:
        assert "closed at" in text(sent)
