"""Files of a proposal, while it is written."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from compute_grants.actions.drafting import editable, saved
from compute_grants.models import Attachment, Proposal, SectionName
from consortium import audit
from consortium.actions import files
from consortium.errors import DomainError, Invalid
from consortium.models import User

MOST = 20
MOST_BYTES = 20 * files.MEGABYTE


class TooManyFiles(DomainError):
    """A proposal holds no more files."""


class AlreadyRemoved(DomainError):
    """A file is removed once."""


@transaction.atomic
def attach(
    proposal: Proposal, *, file: files.Upload, section: str, by: User, caption: str = ""
) -> Attachment:
    """Keep a PDF document or a picture with a section.

    Raises PermissionDenied, NotEditable, TooManyFiles, or Invalid: for a section that does not
    exist, for a file that is too large, unsafe, or not what its name says.
    """
    proposal = editable(proposal, by)
    if section not in SectionName:
        raise Invalid({"section": [_("There is no such section. Choose among those listed.")]})
    if proposal.attachments.current().count() >= MOST:
        message = _("A proposal holds at most %(most)s files. Remove one first.")
        raise TooManyFiles(message % {"most": MOST})
    stored = files.store(file, allowed=files.PDF_AND_PICTURES, max_bytes=MOST_BYTES, by=by)
    made = Attachment.objects.create(
        proposal=proposal, section=section, file=stored, caption=caption.strip(), added_by=by
    )
    saved(proposal, sections=[SectionName.ATTACHMENTS], changed=["attachments"], by=by)
    audit.record("proposal.file_attached", proposal, by=by, name=stored.name, sha256=stored.sha256)
    return made


@transaction.atomic
def detach(attachment: Attachment, *, by: User) -> None:
    """Take a file out of the draft. What was handed in before stays with that submission.

    Raises PermissionDenied, NotEditable or AlreadyRemoved.
    """
    proposal = editable(attachment.proposal, by)
    attachment = Attachment.objects.select_for_update().get(pk=attachment.pk)
    if attachment.removed_at:
        raise AlreadyRemoved(_("This file was removed before."))
    stored = attachment.file
    if proposal.submissions.exists():
        attachment.removed_at = timezone.now()
        attachment.save(update_fields=["removed_at"])
    else:
        attachment.delete()
        files.discard(stored)
    saved(proposal, sections=[SectionName.ATTACHMENTS], changed=["attachments"], by=by)
    audit.record("proposal.file_removed", proposal, by=by, name=stored.name, sha256=stored.sha256)
