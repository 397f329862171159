"""A lab's artifacts: uploaded, listed and downloaded here; MLflow never sees the bytes."""

from __future__ import annotations

from contextlib import suppress

from django.utils.translation import gettext_lazy as _

from consortium.models import User
from registry.actions import artifacts
from registry.backends import StorageError, StorageFull, Stored, store
from registry.gateway.http import Disconnected, Request, Send, send_json
from registry.gateway.parsing import artifact_path
from registry.gateway.refusals import Refused
from registry.gateway.sender import send_file
from registry.gateway.threads import in_thread, off_loop
from registry.models import ArtifactEntry, Lab
from registry.sending import RangeOutside, disposition, plan

LONGEST_LISTING = 50_000


def own_path(lab: Lab, encoded: str) -> str:
    """The clean path of an artifact of this lab. Raises Refused(400) or Refused(404)."""
    path = artifact_path(encoded)
    if not path.startswith(f"workspaces/{lab.workspace}/"):
        raise _nothing(path)
    return path


async def put(request: Request, send: Send, lab: Lab, user: User, encoded: str) -> None:
    """Take a file in. It stands under its path only when it is whole and durable."""
    path = own_path(lab, encoded)
    stored = await _take_in(request)
    await in_thread(artifacts.record, lab, path=path, stored=stored, by=user)
    await send_json(send, 200, {}, [("etag", f'"{stored.sha256}"')])


async def _take_in(request: Request) -> Stored:
    """Stream the body into the store. Raises Refused(507, 400, 503); leaves nothing behind."""
    writer = store().writer()
    try:
        async for chunk in request.stream():
            await off_loop(writer.write, chunk)
        stored = await off_loop(writer.finish)
    except StorageFull:
        message = _("The artifact store is full. Nothing was kept of this file; try again later.")
        raise Refused(507, "RESOURCE_EXHAUSTED", message) from None
    except StorageError as error:
        raise Refused(503, "TEMPORARILY_UNAVAILABLE", str(error)) from error
    except BaseException:
        with suppress(OSError):
            writer.abort()
        raise
    announced = request.headers.get("content-length")
    if announced is not None and int(announced) != stored.size:
        raise Disconnected  # the path is not written; the bytes under their digest do no harm
    return stored


async def get(request: Request, send: Send, lab: Lab, encoded: str) -> None:
    path = own_path(lab, encoded)
    entry = await in_thread(_entry, lab, path)
    if entry is None:
        raise _nothing(path)
    try:
        what = plan(entry.blob_id, entry.blob.size, request.headers)
        await send_file(request.scope, send, what, [disposition(path)])
    except RangeOutside as error:
        raise outside(error) from error
    except StorageError as error:
        raise Refused(503, "TEMPORARILY_UNAVAILABLE", str(error)) from error


def outside(error: RangeOutside) -> Refused:
    message = _("The file has %(size)s bytes; this range lies outside it.")
    header = ("content-range", f"bytes */{error.size}")
    return Refused(416, "INVALID_PARAMETER_VALUE", message % {"size": error.size}, (header,))


async def listing(send: Send, lab: Lab, path: str) -> None:
    """What lies directly under a folder, in MLflow's shape; nothing for what is no folder."""
    root = f"workspaces/{lab.workspace}"
    if path and path != root and not path.startswith(f"{root}/"):
        raise _nothing(path)
    files = await in_thread(_children, lab, path or root)
    await send_json(send, 200, {"files": files})


def _entry(lab: Lab, path: str) -> ArtifactEntry | None:
    return ArtifactEntry.objects.select_related("blob").filter(lab=lab, path=path).first()


def _children(lab: Lab, folder: str) -> list[dict[str, object]]:
    prefix = f"{folder}/"
    rows = ArtifactEntry.objects.filter(lab=lab, path__startswith=prefix).order_by("path")
    files: dict[str, dict[str, object]] = {}
    for path, size in rows.values_list("path", "blob__size")[:LONGEST_LISTING]:
        name, slash, _rest = path.removeprefix(prefix).partition("/")
        if slash:
            files[name] = {"path": name, "is_dir": True}
        else:
            files[name] = {"path": name, "is_dir": False, "file_size": size}
    return [files[name] for name in sorted(files)]


def _nothing(path: str) -> Refused:
    message = _("There is no artifact “%(path)s” in this lab.")
    return Refused(404, "RESOURCE_DOES_NOT_EXIST", message % {"path": path[:200]})
