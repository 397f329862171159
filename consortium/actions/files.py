"""Taking files in, checked. Whoever may hand one in for what is decided by the caller's policy.

`store` runs in the caller's transaction. Bytes are in place before the row is: a transaction that
fails leaves bytes that nothing points to, and `sweep` removes those a day later.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Protocol

from django.db import connection, transaction
from django.utils.translation import gettext as _

from consortium import file_store, pdf_checks, picture_checks
from consortium.file_types import (
    PDF_AND_PICTURES,
    PICTURES,
    TEXTS,
    Kind,
    Refused,
    TooLarge,
    Unsafe,
    WrongType,
    clean_name,
    kind_of,
    require_one_thing,
)
from consortium.models import StoredFile, User

__all__ = [
    "PDF_AND_PICTURES",
    "PICTURES",
    "TEXTS",
    "Kind",
    "Refused",
    "TooLarge",
    "Unsafe",
    "WrongType",
    "discard",
    "store",
    "sweep",
]
MEGABYTE = 1024 * 1024


class Upload(Protocol):
    """What Django and DRF hand over: django.core.files.uploadedfile.UploadedFile."""

    name: str | None

    def chunks(self) -> Iterable[bytes]: ...


@transaction.atomic
def store(
    upload: Upload,
    *,
    allowed: Collection[StoredFile.Kind],
    max_bytes: int,
    by: User,
    field: str = "file",
) -> StoredFile:
    """Keep a file, after looking at what it is. Nothing is kept when it is refused.

    `field` is the form's field that the refusal is shown at. Raises WrongType, TooLarge, Unsafe
    (each an Invalid) or file_store.NoRoom.
    """
    try:
        with file_store.arriving(upload.chunks(), max_bytes=max_bytes) as arrived:
            if not arrived.size_bytes:
                raise WrongType(_("The file is empty. Choose another one."))
            kind = kind_of(arrived.path, upload.name or "", allowed)
            facts = _inspect(arrived, kind)
            _hold(arrived.sha256)
            file_store.settle(arrived)
    except file_store.TooMany as error:
        message = _("The file is larger than %(most)s MB. Make it smaller.")
        most = {"most": f"{max_bytes / MEGABYTE:g}"}
        raise TooLarge(message % most, field) from error
    except Refused as refused:
        if field not in refused.errors:
            refused.errors = {field: [m for found in refused.errors.values() for m in found]}
        raise
    return StoredFile.objects.create(
        sha256=arrived.sha256,
        size_bytes=arrived.size_bytes,
        kind=kind,
        name=clean_name(upload.name or "", kind),
        stored_by=by,
        **facts,
    )


def _inspect(arrived: file_store.Arrived, kind: StoredFile.Kind) -> dict[str, int]:
    """What is to be known of the file, once it is known to be harmless."""
    require_one_thing(arrived.path, kind)
    if kind == Kind.PDF:
        return {"pages": pdf_checks.check(arrived.path).pages}
    if kind in PICTURES:
        picture = picture_checks.check(arrived.path, kind)
        return {
            "width_pixels": picture.width_pixels,
            "height_pixels": picture.height_pixels,
        }
    return {}


@transaction.atomic
def discard(stored: StoredFile) -> None:
    """Forget a file that nothing points to any more; its bytes go when no other row has them.

    Raises django.db.models.ProtectedError while something points to it.
    """
    digest = stored.sha256
    _hold(digest)
    stored.delete()
    if not StoredFile.objects.filter(sha256=digest).exists():
        transaction.on_commit(_later(digest))


def _later(digest: str) -> Callable[[], None]:
    """Remove the bytes once the row is gone for good, unless they came again meanwhile."""

    def remove() -> None:
        with transaction.atomic():
            _hold(digest)
            if not StoredFile.objects.filter(sha256=digest).exists():
                file_store.remove(digest)

    return remove


def sweep(*, older_than_seconds: float = file_store.ABANDONED_SECONDS) -> int:
    """Remove bytes without a row and what killed uploads left. Returns how many files that were."""
    old = [digest for digest, age in file_store.kept() if age > older_than_seconds]
    known = set(StoredFile.objects.filter(sha256__in=old).values_list("sha256", flat=True))
    for digest in set(old) - known:
        _later(digest)()
    return len(set(old) - known) + file_store.clear_incoming()


def _hold(digest: str) -> None:
    """Until this transaction ends, nobody else adds or removes these bytes."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 20))", [digest])
