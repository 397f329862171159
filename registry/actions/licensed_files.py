"""What a licensee fetches: the licence file, the licensed files, the verifier. All recorded."""

from __future__ import annotations

from django.db import transaction

from consortium import audit
from consortium.backends.signer import SignerError, signer
from consortium.models import User
from registry.actions import signing, trust
from registry.backends import verifier_wheel as wheels
from registry.models import CheckpointFile, Licence, LicenceDownload
from registry.policies import licences as policies
from registry.sending import Plan


@transaction.atomic
def licence_file(licence: Licence, *, by: User) -> str:
    """The .lic file, recorded as fetched. Raises PermissionDenied, NoTrust."""
    text = signing.licence_file(licence, by=by)
    audit.record("licence.file_downloaded", licence, by=by, epoch=trust.current_list().epoch)
    return text


@transaction.atomic
def record(licence: Licence, file: CheckpointFile, what: Plan, *, by: User) -> LicenceDownload:
    """Record one range of a licensed file as given out; its beginning also in the audit log.

    Raises PermissionDenied.
    """
    policies.can_download(by, licence).require()
    row = LicenceDownload.objects.create(
        licence=licence,
        path=file.path,
        sha256=file.sha256,
        first=what.first,
        last=what.last,
        by=by,
    )
    if what.first == 0:
        audit.record("licence.model_file_accessed", licence, by=by, path=file.path)
    return row


def verifier_wheel() -> tuple[str, bytes]:
    """(file name, bytes) of the verifier for this site. Raises NoTrust before init_keys."""
    try:
        root = signer().public_key(trust.ROOT)
    except SignerError:
        raise trust.no_trust() from None
    return wheels.file_name(), wheels.build(root)
