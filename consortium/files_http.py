"""Giving a handed-in file out again."""

from __future__ import annotations

import logging

from django.http import FileResponse
from django.utils.translation import gettext as _

from consortium import file_store
from consortium.file_types import MEDIA_TYPES, clean_name
from consortium.models import StoredFile

log = logging.getLogger(__name__)


def download(stored: StoredFile, *, name: str = "") -> FileResponse:
    """The file to be saved, never shown inside a page of ours. The caller has checked who asks.

    Raises file_store.Gone when its bytes are missing.
    """
    kind = StoredFile.Kind(stored.kind)
    try:
        file = file_store.path_of(stored.sha256).open("rb")
    except FileNotFoundError as error:
        log.exception("the bytes of stored file %s are missing", stored.pk)
        message = _("The file is missing from the store. Tell the secretariat its name.")
        raise file_store.Gone(message) from error
    response = FileResponse(
        file,
        as_attachment=True,
        filename=clean_name(name or stored.name, kind),
        content_type=MEDIA_TYPES[kind],
    )
    response["Content-Length"] = str(stored.size_bytes)
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Cache-Control"] = "private, no-cache"
    response["ETag"] = f'"{stored.sha256}"'
    return response
