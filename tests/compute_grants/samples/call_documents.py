"""Samples of documents of calls."""

from django.core.files.uploadedfile import SimpleUploadedFile

from compute_grants.actions import call_documents
from tests.consortium.hostile import pdf
from tests.factories import compute_grants as make
from tests.factories.consortium import research_officer
from tests.samples import Samples


def samples() -> Samples:
    office = research_officer()
    draft = make.call_with(state="draft")
    document = call_documents.attach(
        draft,
        file=SimpleUploadedFile("guide.pdf", pdf()),
        title_en="Guide for applicants",
        title_zh="申请指南",
        by=office,
    )
    of_document = {"code": draft.code, "pk": document.pk}
    pk = ({"pk": document.pk}, office)
    return {
        "compute_grants:call_attach": ({"code": draft.code}, office),
        "compute_grants:call_document": (of_document, office),
        "compute_grants:call_document_remove": (of_document, office),
        "api:calldocument-detail": pk,
        "api:calldocument-file": pk,
        "api:calldocument-remove": pk,
    }
