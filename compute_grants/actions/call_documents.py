"""Documents of a call: attached by the office, taken off while it is a draft."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from compute_grants.actions.call_news import tell
from compute_grants.models import Call, CallDocument
from compute_grants.policies import call_documents as policy
from consortium import audit
from consortium.actions import files
from consortium.errors import DomainError, Invalid
from consortium.models import User

MOST_BYTES = 20 * 1024 * 1024
MOST_DOCUMENTS = 20


class TooManyDocuments(DomainError):
    """A call has as many documents as it may."""


@transaction.atomic
def attach(
    call: Call, *, file: files.Upload, title_en: str, title_zh: str, by: User
) -> CallDocument:
    """Attach a PDF or a picture of at most 20 MB. Followers hear of it once the call is out.

    Raises PermissionDenied, TooManyDocuments, or Invalid: no title, or what files.store refuses.
    """
    call = Call.objects.select_for_update().get(pk=call.pk)
    policy.can_attach(by, call).require()
    if not (title_en.strip() or title_zh.strip()):
        raise Invalid({"title_en": [_("Say what it is, in at least one language.")]})
    if CallDocument.objects.filter(call=call).count() >= MOST_DOCUMENTS:
        message = _("A call has at most %(most)s documents. Join some of them.")
        raise TooManyDocuments(message % {"most": MOST_DOCUMENTS})
    stored = files.store(file, allowed=files.PDF_AND_PICTURES, max_bytes=MOST_BYTES, by=by)
    made = CallDocument.objects.create(
        call=call,
        file=stored,
        title_en=title_en.strip(),
        title_zh=title_zh.strip(),
        attached_by=by,
    )
    audit.record("call.document_attached", call, by=by, document=made.pk, sha256=stored.sha256)
    if call.state != Call.State.DRAFT:
        tell(
            "call.document_attached",
            call,
            by=by,
            document_en=made.title_en,
            document_zh=made.title_zh,
        )
    return made


@transaction.atomic
def remove(document: CallDocument, *, by: User) -> None:
    """Take a document off a draft. Raises PermissionDenied; a second time, DoesNotExist."""
    call = Call.objects.select_for_update().get(pk=document.call_id)
    policy.can_remove(by, call).require()
    document = CallDocument.objects.select_related("file").get(pk=document.pk)
    stored = document.file
    audit.record("call.document_removed", call, by=by, document=document.pk, sha256=stored.sha256)
    document.delete()
    files.discard(stored)
