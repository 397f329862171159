"""Sections: their state, who saved them, and what is sent back."""

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from compute_grants.actions import proposals
from compute_grants.models import Proposal, ProposalSection
from compute_grants.queries.sections import sections
from consortium.errors import Invalid
from consortium.models import AuditEvent, Notification
from tests.factories import compute_grants as make
from tests.factories.consortium import research_officer


@pytest.fixture
def draft(db) -> Proposal:
    return make.proposal_for(make.call_with())


def states(proposal) -> dict[str, str]:
    return {str(row.name): str(row.state) for row in sections(proposal)}


def save(proposal, by=None, **texts) -> Proposal:
    version = Proposal.objects.get(pk=proposal.pk).version
    return proposals.save(proposal, version=version, by=by or proposal.lead, **texts)


def test_states_follow_from_what_is_there(draft):
    draft.title_zh = draft.software = ""
    draft.save()
    assert states(draft) == {
        "team": "not_started",
        "summary": "in_progress",
        "science": "complete",
        "resources": "complete",
        "software": "not_started",
        "data": "complete",
        "energy": "not_started",
        "scaling": "not_started",
        "attachments": "not_started",
    }


def test_a_save_is_dated_and_signed(draft):
    saved = save(draft, science_case="Better.")
    rows = {row.name: row for row in sections(saved)}
    science = rows["science"]
    assert (science.saved_at, science.saved_by) == (saved.saved_at, draft.lead.name)
    assert rows["data"].saved_at is None


def test_another_section_may_be_saved_meanwhile(draft):
    proposals.save(draft, version=1, by=draft.lead, science_case="One hand.")
    saved = proposals.save(draft, version=1, by=draft.lead, data_ethics="The other.")
    assert (saved.version, saved.science_case, saved.data_ethics) == (3, "One hand.", "The other.")
    with pytest.raises(proposals.ChangedElsewhere):
        proposals.save(draft, version=1, by=draft.lead, science_case="A third.")


def test_a_version_that_never_was(draft):
    with pytest.raises(proposals.ChangedElsewhere):
        proposals.save(draft, version=9, by=draft.lead, summary="x")


def test_sent_back_until_saved_again(draft):
    proposals.submit(draft, by=draft.lead)
    office = research_officer()
    proposals.send_back(draft, reason="Name the data.", sections=["data", "software"], by=office)
    assert AuditEvent.objects.latest("pk").detail["sections"] == ["data", "software"]
    assert Notification.objects.get(person=draft.lead).code == "proposal.returned"
    found = states(draft)
    assert (found["data"], found["software"], found["science"]) == (
        "returned",
        "returned",
        "complete",
    )
    saved = save(draft, data_ethics="The digits of 1998.")
    assert states(saved)["data"] == "complete"
    proposals.submit(saved, by=draft.lead)
    assert states(saved)["software"] == "complete"


def test_only_sections_there_are(draft):
    proposals.submit(draft, by=draft.lead)
    with pytest.raises(Invalid):
        proposals.send_back(draft, reason="x", sections=["budget"], by=research_officer())


def test_one_row_a_section(draft):
    ProposalSection.objects.create(proposal=draft, name="data")
    with pytest.raises(IntegrityError), transaction.atomic():
        ProposalSection.objects.create(proposal=draft, name="data")


def test_a_fixed_number_of_queries(draft):
    with CaptureQueriesContext(connection) as few:
        sections(draft)
    save(draft, science_case="a", software="b", data_ethics="c", energy="d", summary="e")
    with CaptureQueriesContext(connection) as many:
        sections(draft)
    assert len(few) == len(many) == 2
