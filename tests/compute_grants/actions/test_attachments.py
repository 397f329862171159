"""Files of a proposal: taken in, refused, kept with what was handed in."""

import pytest
from django.core.exceptions import PermissionDenied

from compute_grants.actions import attachments, proposals
from compute_grants.models import Attachment
from compute_grants.queries.proposal_content import content, content_hash
from consortium import file_store
from consortium.actions import files
from consortium.errors import Invalid
from consortium.models import AuditEvent, StoredFile
from tests.consortium import hostile
from tests.factories import compute_grants as make
from tests.factories.consortium import member, principal, research_officer
from tests.factories.proposals import TeamMemberFactory


@pytest.fixture(autouse=True)
def _store(settings, tmp_path):
    settings.FILES_DIR = tmp_path / "files"


@pytest.fixture
def draft(db):
    return make.proposal_for(make.call_with())


def attach(proposal, data=None, name="plan.pdf", by=None, **more) -> Attachment:
    given = {"section": "science"} | more
    file = hostile.upload(hostile.pdf() if data is None else data, name)
    return attachments.attach(proposal, file=file, by=by or proposal.lead, **given)


def test_kept_outside_the_web_root_under_its_digest(draft, settings):
    made = attach(draft, caption=" A plan ")
    assert (made.file.name, made.caption, made.section) == ("plan.pdf", "A plan", "science")
    assert file_store.path_of(made.file.sha256).is_relative_to(settings.FILES_DIR)
    event = AuditEvent.objects.get(action="proposal.file_attached")
    assert event.detail["sha256"] == made.file.sha256
    draft.refresh_from_db()
    assert draft.version == 2


def test_pictures_too(draft):
    assert attach(draft, hostile.picture(), "curve.png").file.kind == "png"


@pytest.mark.parametrize(
    ("data", "name", "refusal"),
    [
        (hostile.picture(), "plan.pdf", files.WrongType),  # says it is what it is not
        (b"MZ\x90\x00 a program", "plan.pdf", files.WrongType),
        (b"<script>alert(1)</script>", "plan.png", files.WrongType),
        (b"", "plan.pdf", files.WrongType),
        (hostile.pdf_with_javascript(), "plan.pdf", files.Unsafe),
    ],
    ids=["picture as pdf", "program", "page as picture", "empty", "acts by itself"],
)
def test_a_file_that_lies_or_acts_is_refused_and_nothing_kept(draft, data, name, refusal):
    with pytest.raises(refusal) as caught:
        attach(draft, data, name)
    assert list(caught.value.errors) == ["file"]
    assert not StoredFile.objects.exists()
    draft.refresh_from_db()
    assert draft.version == 1


def test_too_large(draft, monkeypatch):
    monkeypatch.setattr(attachments, "MOST_BYTES", 100)
    with pytest.raises(files.TooLarge):
        attach(draft)


def test_so_many_and_no_more(draft, monkeypatch):
    monkeypatch.setattr(attachments, "MOST", 1)
    attach(draft)
    with pytest.raises(attachments.TooManyFiles):
        attach(draft)


def test_a_section_there_is(draft):
    with pytest.raises(Invalid):
        attach(draft, section="budget")


@pytest.mark.parametrize("who", [member, principal, research_officer])
def test_only_writers_attach_and_remove(draft, who):
    with pytest.raises(PermissionDenied):
        attach(draft, by=who())
    made = attach(draft)
    with pytest.raises(PermissionDenied):
        attachments.detach(made, by=who())


def test_a_co_investigator_attaches(draft):
    ada = TeamMemberFactory.create(proposal=draft, confirmed=True, role="co_investigator").user
    assert attach(draft, by=ada).added_by == ada


def test_removed_from_a_draft_it_is_gone(draft, django_capture_on_commit_callbacks):
    made = attach(draft)
    path = file_store.path_of(made.file.sha256)
    with django_capture_on_commit_callbacks(execute=True):
        attachments.detach(made, by=draft.lead)
    assert not path.exists() and not draft.attachments.exists()


def test_what_was_handed_in_is_frozen_and_kept(draft):
    made = attach(draft)
    submission = proposals.submit(draft, by=draft.lead)
    assert submission.content["attachments"][0]["sha256"] == made.file.sha256
    with pytest.raises(proposals.NotEditable):
        attachments.detach(made, by=draft.lead)
    proposals.send_back(draft, reason="x", by=research_officer())
    attachments.detach(made, by=draft.lead)
    assert file_store.path_of(made.file.sha256).exists()
    assert not draft.current_attachments.exists()
    with pytest.raises(attachments.AlreadyRemoved):
        attachments.detach(made, by=draft.lead)


def test_a_file_changes_the_hash(draft):
    before = content_hash(content(draft))
    attach(draft)
    assert content_hash(content(draft)) != before
