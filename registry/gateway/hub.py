"""/hf: the read side of the model hub's protocol, for the unmodified huggingface_hub.

HF_ENDPOINT=<portal>/hf, and HF_TOKEN where the release is not for everybody. A repository is
`lab/model`; a revision is `main` (the newest release), a version, or a commit: the first 40
digits of the manifest root, because clients cache by commits of exactly 40 (all 64 work too).

What a reader may not see is answered as what does not exist, in the same words. Uploads go
through MLflow: newer clients insist on a Xet server, which this is not.
"""

from __future__ import annotations

import logging
import re
import time
import uuid
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from consortium.logs import request_id
from consortium.models import User
from registry.actions import downloads
from registry.backends import StorageError
from registry.gateway import callers
from registry.gateway.http import (
    Disconnected,
    Receive,
    Request,
    Scope,
    Send,
    language_of,
    read_request,
    send_json,
)
from registry.gateway.parsing import artifact_path, json_object, plain_path, query_pairs
from registry.gateway.refusals import Refused
from registry.gateway.sender import send_file, send_head
from registry.gateway.threads import in_thread
from registry.models import CheckpointFile, DownloadRecord, ResearchRelease
from registry.queries import hub
from registry.sending import RangeOutside, disposition, plan

log = logging.getLogger("portal.request")
PREFIX = "/hf"
MOST_FOUND = 100
LARGEST_BODY = 1_000_000
# What the client greps for; not a sentence of ours to translate.
DISABLED = "Access to this resource is disabled."
_REPO = r"(?P<lab>[a-z0-9-]{1,40})/(?P<model>[a-z0-9._-]{1,60})"
_REVISION = r"(?P<revision>[A-Za-z0-9._-]{1,64})"
_RESOLVE = re.compile(rf"^/{_REPO}/resolve/{_REVISION}/(?P<path>.+)\Z")
_API = re.compile(
    rf"^/api/models/{_REPO}"
    rf"(?:/(?P<what>revision|tree|paths-info)/{_REVISION}(?:/(?P<folder>.+))?|/(?P<bare>refs|auth-check))?\Z"
)
_LANGUAGES = ("en", "zh")

Reader = User | AnonymousUser


class HubGateway:
    """The ASGI application."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.monotonic()
        mark = request_id.set(str(uuid.uuid4()))
        status = 200
        try:
            with translation.override(language_of(scope)):
                status = await _answered(scope, receive, send)
        finally:
            ms = round((time.monotonic() - started) * 1000, 1)
            log.info("%s %s %s", scope["method"], scope["path"], status, extra={"ms": ms})
            request_id.reset(mark)


async def _answered(scope: Scope, receive: Receive, send: Send) -> int:
    try:
        await _answer(read_request(scope, receive, PREFIX), send)
    except Disconnected:
        return 499
    except Refused as refused:
        await _send_refusal(send, refused)
        return refused.status
    except PermissionDenied:
        await _send_refusal(send, Refused(403, "", DISABLED))
        return 403
    except StorageError as error:
        log.exception("a released file cannot be read")
        await _send_refusal(send, Refused(503, "", str(error)))
        return 503
    return 200


async def _answer(request: Request, send: Send) -> None:
    if request.method not in {"GET", "HEAD", "POST"}:
        raise _no_uploads()
    reader = await in_thread(_reader, request)
    if isinstance(reader, User):
        translation.activate(reader.language)
    if match := _RESOLVE.match(request.path):
        await _resolve(request, send, reader, match)
        return
    path = plain_path(request.path)
    if match := _API.match(path):
        await _api(request, send, reader, match)
    elif path == "/api/whoami-v2":
        await send_json(send, 200, _whoami(reader))
    elif path == "/api/models" and request.method == "GET":
        await _search(request, send, reader)
    elif request.method == "POST":
        raise _no_uploads()
    else:
        raise repo_not_found()


async def _resolve(request: Request, send: Send, reader: Reader, at: re.Match[str]) -> None:
    """A file of a release: its facts for HEAD, its bytes for GET, recorded before they go."""
    release = await _release(reader, at)
    commit = ("x-repo-commit", release.checkpoint.commit)
    file = await in_thread(hub.file_of, release, artifact_path(at["path"]))
    if file is None:
        message = _("There is no file of this name in the release.")
        raise Refused(404, "EntryNotFound", message, (commit,))
    try:
        what = plan(file.sha256, file.size, request.headers)
    except RangeOutside as error:
        header = ("content-range", f"bytes */{error.size}")
        message = _("The file has %(size)s bytes; this range lies outside it.")
        raise Refused(416, "", message % {"size": error.size}, (commit, header)) from error
    headers = [
        commit,
        ("x-linked-etag", f'"{file.sha256}"'),
        ("x-linked-size", str(file.size)),
        disposition(file.path),
    ]
    if request.method == "HEAD":
        await send_head(send, what, headers)
        return
    via = DownloadRecord.Via.HUB
    await in_thread(downloads.record, release, file, what, via=via, by=reader)
    await send_file(request.scope, send, what, headers)


async def _api(request: Request, send: Send, reader: Reader, at: re.Match[str]) -> None:
    release = await _release(reader, at)
    what = at["what"] or at["bare"] or "revision"
    if what == "auth-check":
        await send_json(send, 200, {})
    elif what == "refs":
        await send_json(send, 200, await in_thread(_refs, reader, at))
    elif what == "tree":
        folder = artifact_path(at["folder"]) if at["folder"] else ""
        files = await in_thread(hub.files_of, release)
        deep = query_pairs(request.query).get("recursive", "").lower() in {"true", "1"}
        await send_json(send, 200, tree(files, folder, deep=deep))
    elif what == "paths-info":
        wanted = await _paths(request)
        files = await in_thread(hub.files_of, release)
        await send_json(send, 200, [_entry(file) for file in files if file.path in wanted])
    else:
        files = await in_thread(hub.files_of, release)
        await send_json(send, 200, info(release, files))


async def _release(reader: Reader, at: re.Match[str]) -> ResearchRelease:
    """The release that a repository and a revision mean. Raises Refused."""
    repository = await in_thread(hub.repository, reader, at["lab"], at["model"])
    if repository is None:
        raise repo_not_found()
    release = repository.at(at["revision"] or hub.NEWEST)
    if release is None:
        raise Refused(404, "RevisionNotFound", _("This model has no such release."))
    if release.state == ResearchRelease.State.WITHDRAWN:
        raise Refused(403, "", DISABLED)
    return release


async def _paths(request: Request) -> frozenset[str]:
    kind = request.headers.get("content-type", "").partition(";")[0].strip()
    body = await request.body(LARGEST_BODY)
    if kind == "application/json":
        found = json_object(body, kind).get("paths", [])
    else:
        found = query_pairs(body, frozenset({"paths", "expand"})).get("paths", [])
    return frozenset(path for path in found if isinstance(path, str))


async def _search(request: Request, send: Send, reader: Reader) -> None:
    asked = query_pairs(request.query, frozenset({"filter", "expand", "tags"}))
    limit = asked.get("limit", "")
    rows = await in_thread(
        hub.search,
        reader,
        words=asked.get("search", "")[:200],
        lab=asked.get("author", "")[:40],
        limit=min(int(limit), MOST_FOUND) if limit.isdigit() else MOST_FOUND,
    )
    await send_json(send, 200, [info(release, None) for release in rows])


def _reader(request: Request) -> Reader:
    try:
        return callers.reader(request.headers.get("authorization", ""))
    except Refused as refused:
        if refused.status == 401:  # noqa: PLR2004  what the client knows the message by
            message = "Invalid credentials in Authorization header"
            raise Refused(401, "", message, refused.headers) from refused
        raise


def _whoami(reader: Reader) -> dict[str, Any]:
    if not isinstance(reader, User):
        raise Refused(401, "", "Invalid credentials in Authorization header")
    return {
        "type": "user",
        "id": str(reader.pk),
        "name": reader.get_username(),
        "fullname": reader.name,
        "orgs": [],
        "auth": {"type": "access_token", "accessToken": {"role": "read"}},
    }


def info(release: ResearchRelease, files: Iterable[CheckpointFile] | None) -> dict[str, Any]:
    """A model as the hub describes it; with its files where they are given."""
    public = release.audience == ResearchRelease.Audience.PUBLIC
    released_at = _stamp(release.released_at) if release.released_at else None
    found: dict[str, Any] = {
        "id": release.model.full_name,
        "modelId": release.model.full_name,
        "author": release.model.lab.slug,
        "sha": release.checkpoint.commit,
        "lastModified": released_at,
        "createdAt": _stamp(release.model.created_at),
        "private": not public,
        "gated": False,
        "disabled": False,
        "downloads": 0,
        "likes": 0,
        "tags": [release.model.kind, f"license:{release.licence}"],
        "cardData": {"license": release.licence, "language": list(_LANGUAGES)},
    }
    if files is not None:
        found["siblings"] = [{"rfilename": file.path} for file in files]
    return found


def _stamp(moment: datetime) -> str:
    """In UTC, as the client insists on having it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def tree(files: Iterable[CheckpointFile], folder: str, *, deep: bool) -> list[dict[str, Any]]:
    """The files under a folder, and the folders directly in it unless `deep`."""
    prefix = f"{folder}/" if folder else ""
    entries: dict[str, dict[str, Any]] = {}
    for file in files:
        if not file.path.startswith(prefix):
            continue
        name, slash, _rest = file.path.removeprefix(prefix).partition("/")
        if slash and not deep:
            path = prefix + name
            entries[path] = {"type": "directory", "path": path, "size": 0, "oid": "0" * 40}
        else:
            entries[file.path] = _entry(file)
    return list(entries.values())


def _entry(file: CheckpointFile) -> dict[str, Any]:
    """Every file is given as a large one, whose sha256 the client then checks."""
    return {
        "type": "file",
        "path": file.path,
        "size": file.size,
        "oid": file.sha256[:40],
        "lfs": {"oid": file.sha256, "size": file.size, "pointerSize": 134},
    }


def _refs(reader: Reader, at: re.Match[str]) -> dict[str, Any]:
    repository = hub.repository(reader, at["lab"], at["model"])
    releases = repository.releases if repository else ()
    living = [r for r in releases if r.state == ResearchRelease.State.RELEASED]
    tags = [
        {"name": r.version, "ref": f"refs/tags/{r.version}", "targetCommit": r.checkpoint.commit}
        for r in living
    ]
    newest = living[0].checkpoint.commit if living else ""
    main = {"name": "main", "ref": "refs/heads/main", "targetCommit": newest}
    return {"branches": [main], "tags": tags, "converts": []}


def repo_not_found() -> Refused:
    """The one answer for what does not exist and what this reader may not see."""
    return Refused(404, "RepoNotFound", _("Repository not found."))


def _no_uploads() -> Refused:
    message = _("Publish through MLflow or the portal's pages; this endpoint only reads.")
    return Refused(405, "", message, (("allow", "GET, HEAD"),))


async def _send_refusal(send: Send, refused: Refused) -> None:
    message = str(refused.message)
    headers = list(refused.headers)
    if refused.code:
        headers.append(("x-error-code", refused.code))
    # Header values are Latin-1: a Chinese sentence goes into the body only.
    headers.append(("x-error-message", message if message.isascii() else refused.code))
    await send_json(send, refused.status, {"error": message}, headers)
