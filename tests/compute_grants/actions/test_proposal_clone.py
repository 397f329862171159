"""A new draft from an earlier proposal: what is copied, what is not, and by whom."""

import pytest
from django.core.exceptions import PermissionDenied

from compute_grants.actions import attachments, proposal_clone, proposals
from compute_grants.queries.versions import compare
from consortium import file_store
from consortium.models import AuditEvent
from tests.consortium import hostile
from tests.factories import compute_grants as make
from tests.factories.consortium import principal, research_officer
from tests.factories.proposals import TeamMemberFactory, measured


@pytest.fixture(autouse=True)
def _store(settings, tmp_path):
    settings.FILES_DIR = tmp_path / "files"


@pytest.fixture
def source(db):
    return make.proposal_for(make.call_with())


def clone(source, call=None, by=None):
    call = call or make.call_with(source.requests.get().resource)
    by = by or source.lead
    return proposal_clone.clone(source, call=call, institution=source.institution, by=by)


def test_what_is_copied_and_what_is_not(source):
    measured(source)
    TeamMemberFactory.create(proposal=source, confirmed=True)
    file = hostile.upload(hostile.pdf())
    attachments.attach(source, file=file, section="science", by=source.lead)
    made = clone(source)
    assert (made.state, made.science_case) == ("draft", source.science_case)
    assert made.requests.get().seconds == source.requests.get().seconds
    assert made.scaling.count() == 2
    assert not made.team.exists()
    copied = made.current_attachments.get().file
    original = source.current_attachments.get().file
    assert copied.pk != original.pk and copied.sha256 == original.sha256
    event = AuditEvent.objects.get(action="proposal.cloned")
    assert event.detail["source"] == source.number


def test_the_bytes_outlive_the_source(source, django_capture_on_commit_callbacks):
    file = hostile.upload(hostile.pdf())
    row = attachments.attach(source, file=file, section="science", by=source.lead)
    made = clone(source)
    with django_capture_on_commit_callbacks(execute=True):
        attachments.detach(row, by=source.lead)
    assert file_store.path_of(made.current_attachments.get().file.sha256).exists()


def test_requests_only_where_the_call_offers_as_much(source):
    resource = source.requests.get().resource
    assert not clone(source, call=make.call_with(resource, hours=99)).requests.exists()
    assert not clone(source, call=make.call_with()).requests.exists()


@pytest.mark.parametrize("who", [principal, research_officer])
def test_only_of_ones_own(source, who):
    with pytest.raises(PermissionDenied):
        clone(source, by=who())


def test_a_team_member_does_not(source):
    ada = TeamMemberFactory.create(proposal=source, confirmed=True, role="co_investigator").user
    with pytest.raises(PermissionDenied):
        clone(source, by=ada)


def test_only_into_an_open_call(source):
    with pytest.raises(proposals.CallNotOpen):
        clone(source, call=make.CallFactory.create(closed=True))


def test_two_versions_compared(source):
    first = proposals.submit(source, by=source.lead)
    proposals.send_back(source, reason="x", by=research_officer())
    source.refresh_from_db()
    source = proposals.save(source, version=source.version, by=source.lead, summary="New.")
    measured(source)
    second = proposals.submit(source, by=source.lead)
    fields = compare(first.content, second.content)
    changed = {field.label: (field.before, field.after) for field in fields if field.changed}
    assert changed.pop("Summary") == ("What we want.", "New.")
    assert set(changed.values()) == {("", "8 s"), ("", "1.25 s")}


def test_contents_of_older_forms_are_read(db):
    assert not any(field.changed for field in compare({}, {"summary": ""}))
