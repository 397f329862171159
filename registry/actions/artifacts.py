"""What a lab's runs upload. Who wrote it stands on the row; the log has what is made of it."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from consortium.models import User
from registry.backends import Stored
from registry.models import ArtifactEntry, Lab, StoredBlob
from registry.policies import checkpoints as policies


@transaction.atomic
def record(lab: Lab, *, path: str, stored: Stored, by: User) -> ArtifactEntry:
    """Say which bytes stand under a path now; they are durable already.

    Raises PermissionDenied when the person left the lab while uploading.
    """
    policies.can_record(by, lab).require()
    StoredBlob.objects.bulk_create(
        [StoredBlob(sha256=stored.sha256, size=stored.size)], ignore_conflicts=True
    )
    entry, _created = ArtifactEntry.objects.update_or_create(
        lab=lab,
        path=path,
        defaults={"blob_id": stored.sha256, "written_by": by, "written_at": timezone.now()},
    )
    return entry
