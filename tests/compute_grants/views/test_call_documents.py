"""Documents of calls: what is taken in, who reads them, and when they stay."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from compute_grants.actions import call_documents
from compute_grants.models import Call, CallDocument
from consortium.models import Notification, StoredFile
from tests.compute_grants.api.test_grants_api import Api
from tests.compute_grants.views.person import Person, text
from tests.consortium import hostile
from tests.factories import compute_grants as make
from tests.factories.consortium import member, principal, research_officer

TITLES = {"title_en": "Guide", "title_zh": "指南"}


@pytest.fixture
def office(db) -> Person:
    return Person(research_officer())


@pytest.fixture
def draft(db) -> Call:
    return make.call_with(state="draft")


def guide(content: bytes | None = None, name: str = "guide.pdf") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content or hostile.pdf())


def test_the_office_attaches_a_document_and_readers_download_it(office, draft):
    page = draft.get_absolute_url()
    assert "No document is attached yet." in text(office.client.get(page))
    assert office.send("call_attach", draft.code, file=guide(), **TITLES).status_code == 302
    document = CallDocument.objects.get()
    hidden = Client().get(document.get_absolute_url())
    assert hidden.status_code == 404
    Call.objects.filter(pk=draft.pk).update(state="open")
    given = Client().get(document.get_absolute_url())
    assert b"".join(given.streaming_content).startswith(b"%PDF")
    assert given["Content-Disposition"].startswith("attachment")
    assert "Guide" in text(Client().get(page))
    assert "指南" in text(Client().get(page, headers={"accept-language": "zh-hans"}))


def test_a_file_that_lies_about_its_type_is_refused(office, draft):
    for content, name in ((b"MZ\x90\x00 not a PDF", "guide.pdf"), (hostile.picture(), "a.pdf")):
        sent = office.send("call_attach", draft.code, file=guide(content, name), **TITLES)
        assert sent.status_code == 422
    javascript = guide(hostile.pdf_with_javascript())
    assert office.send("call_attach", draft.code, file=javascript, **TITLES).status_code == 422
    assert not CallDocument.objects.exists()
    assert not StoredFile.objects.exists()


def test_a_title_in_one_language_is_enough_and_marked(office, draft):
    assert office.send("call_attach", draft.code, file=guide()).status_code == 422
    sent = office.send("call_attach", draft.code, file=guide(), title_zh="指南")
    assert sent.status_code == 302
    assert "Chinese only" in text(office.client.get(draft.get_absolute_url()))


def test_only_the_office_attaches_and_a_published_document_stays(office, draft):
    document = call_documents.attach(draft, file=guide(), by=office.user, **TITLES)
    Call.objects.filter(pk=draft.pk).update(state="open")
    lead = Person(principal())
    assert lead.send("call_attach", draft.code, file=guide(), **TITLES).status_code == 403
    assert lead.send("call_document_remove", draft.code, document.pk).status_code == 403
    refused = office.send("call_document_remove", draft.code, document.pk)
    assert refused.status_code == 403
    assert CallDocument.objects.exists()


def test_a_draft_loses_its_document_with_the_file(office, draft):
    document = call_documents.attach(draft, file=guide(), by=office.user, **TITLES)
    assert office.send("call_document_remove", draft.code, document.pk).status_code == 302
    assert not StoredFile.objects.exists()
    assert office.send("call_document_remove", draft.code, document.pk).status_code == 404


def test_followers_hear_of_a_document_once_the_call_is_out(office, draft):
    draft.followers.add(follower := member())
    call_documents.attach(draft, file=guide(), by=office.user, **TITLES)
    assert not Notification.objects.exists()
    Call.objects.filter(pk=draft.pk).update(state="open")
    call_documents.attach(draft, file=guide(), by=office.user, **TITLES)
    assert Notification.objects.get().person == follower


def test_a_call_has_a_bounded_number_of_documents(office, draft, monkeypatch):
    monkeypatch.setattr(call_documents, "MOST_DOCUMENTS", 1)
    call_documents.attach(draft, file=guide(), by=office.user, **TITLES)
    with pytest.raises(call_documents.TooManyDocuments):
        call_documents.attach(draft, file=guide(), by=office.user, **TITLES)


def test_documents_over_the_api(office, draft):
    api, path = Api(office.user), "/api/v1/call-documents/"
    sent = api.client.post(path, {"call": draft.code, "file": guide(), **TITLES})
    assert sent.status_code == 201, sent.content
    one = f"{path}{sent.json()['id']}/"
    assert sent.json()["kind"] == "pdf"
    assert Client().get(one).status_code == 404
    assert api.client.get(f"{path}?call={draft.code}").json()["count"] == 1
    assert b"".join(api.client.get(f"{one}file/")).startswith(b"%PDF")
    lie = {"call": draft.code, "file": guide(b"MZ", "a.pdf"), **TITLES}
    assert api.client.post(path, lie).status_code == 422
    other = Api(principal())
    assert other.client.post(path, {"call": draft.code, "file": guide()}).status_code == 403
    assert api.client.post(f"{one}remove/").status_code == 204
    assert not CallDocument.objects.exists()
