"""Who fetched what: written before the first byte goes out."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser
from django.db import transaction

from consortium import audit
from consortium.models import User
from registry.models import CheckpointFile, DownloadRecord, ResearchRelease
from registry.policies import releases as policies
from registry.sending import Plan


@transaction.atomic
def record(
    release: ResearchRelease,
    file: CheckpointFile,
    what: Plan,
    *,
    via: str,
    by: User | AnonymousUser,
) -> DownloadRecord:
    """Record one range of a release's file as given out.

    Access to files that are not for everybody also stands in the audit log, once per file and
    beginning (a resumed download is a record, not another access). Raises PermissionDenied.
    """
    policies.can_download(by, release).require()
    person = by if isinstance(by, User) else None
    row = DownloadRecord.objects.create(
        release=release,
        path=file.path,
        sha256=file.sha256,
        first=what.first,
        last=what.last,
        via=via,
        by=person,
    )
    if release.audience != ResearchRelease.Audience.PUBLIC and what.first == 0:
        audit.record("release.file_accessed", release, by=person, path=file.path, via=via)
    return row
