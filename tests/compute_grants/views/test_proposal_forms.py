"""The proposal editor, as applicants use it."""

import pytest
from django.urls import reverse
from django.utils import timezone

from compute_grants.models import (
    Call,
    Proposal,
)
from tests.compute_grants.views.person import Person, text
from tests.factories import compute_grants as make
from tests.factories.consortium import (
    principal,
    research_officer,
)

# Proposals


@pytest.fixture
def lead(db) -> Person:
    return Person(principal())


@pytest.fixture
def draft(lead) -> Proposal:
    house = lead.user.affiliations.get().institution
    return make.proposal_for(make.call_with(), lead=lead.user, institution=house)


def test_from_the_call_to_the_receipt(lead):
    call = make.call_with()
    house = lead.user.affiliations.get().institution
    sent = lead.send("call_apply", call.code, institution=house.pk, title_en="Digits")
    number = Proposal.objects.get().number
    assert sent.url == reverse("compute_grants:proposal_edit", args=[number, "summary"])
    sections = [
        ("summary", {"title_en": "Digits", "title_zh": "数字", "summary": "S"}),
        ("science", {"science_case": "Why"}),
        ("software", {"software": "PyTorch"}),
        ("data", {"data_ethics": "Public"}),
        ("energy", {"energy": "Early stopping"}),
    ]
    for section, texts in sections:
        version = Proposal.objects.get().version
        sent = lead.send("proposal_edit", number, section, version=version, **texts)
        assert sent.status_code == 302
    resource = call.budgets.get().resource
    sent = lead.send(
        "proposal_resources",
        number,
        resource=resource.pk,
        precision="BF16",
        seconds=500,
        cards=8,
        justification="5 x 100 h",
    )
    assert sent.status_code == 302
    version = Proposal.objects.get().version
    sent = lead.send("proposal_check", number, version=version)
    assert sent.url == reverse("compute_grants:proposal_receipt", args=[number])
    receipt = text(lead.get("proposal_receipt", number))
    assert number in receipt and Proposal.objects.get().content_hash in receipt
    again = lead.send("proposal_check", number, version=version)
    assert again.status_code == 409 and "was submitted at" in text(again)


def test_a_stale_form_gets_both_texts(lead, draft):
    fresh = {"version": 1, "science_case": "From the office"}
    stale = {"version": 1, "science_case": "From home"}
    lead.send("proposal_edit", draft.number, "science", **fresh)
    response = lead.send("proposal_edit", draft.number, "science", **stale)
    assert response.status_code == 409
    assert "From the office" in text(response) and "From home" in text(response)
    draft.refresh_from_db()
    assert draft.science_case == "From the office"
    mine = {"version": draft.version, "science_case": "From home"}
    assert lead.send("proposal_edit", draft.number, "science", **mine).status_code == 302


def autosave(person, draft, **data):
    url = reverse("compute_grants:proposal_edit", args=[draft.number, "science"])
    return person.client.post(url, data, headers={"Accept": "application/json"})


def test_a_pause_saves(lead, draft):
    saved = autosave(lead, draft, version=1, science_case="Half a thought").json()
    assert saved["version"] == 2 and saved["message"].startswith("Saved at ")
    assert autosave(lead, draft, version=2, science_case="A thought").json()["version"] == 3
    assert Proposal.objects.get().science_case == "A thought"


def test_a_pause_overwrites_nothing_newer(lead, draft):
    autosave(lead, draft, version=1, science_case="Here")
    stale = autosave(lead, draft, version=1, science_case="There")
    assert stale.status_code == 409 and "changed elsewhere" in stale.json()["message"]
    assert autosave(lead, draft, version="x").status_code == 422
    Proposal.objects.update(state="withdrawn")
    assert autosave(lead, draft, version=2, science_case="Late").status_code == 409
    assert Proposal.objects.get().science_case == "Here"


def test_what_the_machine_cannot_do_is_said_at_the_field(lead, draft):
    response = lead.send(
        "proposal_resources",
        draft.number,
        resource=draft.call.budgets.get().resource_id,
        precision="INT8",
        seconds=500,
        cards=8,
        justification="kept text",
    )
    assert response.status_code == 422
    assert "no peak at INT8" in text(response) and "kept text" in text(response)


def test_an_incomplete_proposal_is_not_submitted(lead, draft):
    Proposal.objects.update(summary="")
    response = lead.send("proposal_check", draft.number, version=1)
    assert response.status_code == 422
    assert "Write the summary" in text(response)


def test_after_the_deadline(lead, draft):
    Call.objects.update(closes_at=timezone.now())
    response = lead.send("proposal_check", draft.number, version=1)
    assert response.status_code == 409 and "closed at" in text(response)


def test_remove_a_request_and_withdraw(lead, draft):
    lead.send("proposal_resource_remove", draft.number, draft.requests.get().pk)
    assert not draft.requests.exists()
    lead.send("proposal_withdraw", draft.number)
    draft.refresh_from_db()
    assert draft.state == "withdrawn"


def test_an_unknown_section_is_not_found(lead, draft):
    assert lead.get("proposal_edit", draft.number, "hidden").status_code == 404


def test_filters_of_the_list(lead, draft):
    make.proposal_for(draft.call, state="submitted")
    page = text(lead.get("proposal_list"))
    assert draft.number in page and page.count("/proposals/P-") == 1
    office = Person(research_officer())
    listed = office.client.get(reverse("compute_grants:proposal_list") + "?state=peer_review")
    assert "No proposals here" in text(listed)


# Sections


def test_the_rail_and_the_list_say_where_each_section_stands(lead, draft):
    lead.send("proposal_edit", draft.number, "software", version=1, software="")
    page = text(lead.get("proposal_sections", draft.number))
    assert page.count("not started") == 5 and page.count("complete<") == 4
    assert lead.user.name in page
    draft.refresh_from_db()
    assert "not started" in text(lead.get("proposal_edit", draft.number, "science"))


def test_the_page_of_sections_is_the_writers(lead, draft):
    other = Person(principal())
    assert other.get("proposal_sections", draft.number).status_code == 404


def test_the_office_returns_named_sections(lead, draft):
    lead.send("proposal_check", draft.number, version=1)
    office = Person(research_officer())
    sent = office.send("proposal_return", draft.number, reason="Name the data.", sections=["data"])
    assert sent.status_code == 302
    page = text(lead.get("proposal_sections", draft.number))
    assert "Name the data." in page and page.count("returned for correction") == 2
