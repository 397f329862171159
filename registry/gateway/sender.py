"""Sending a stored file: whole or in ranges, without holding it in memory."""

from __future__ import annotations

from pathlib import Path

from registry.backends import StorageError, store
from registry.gateway.http import App, Headers, Message, Receive, Scope, Send, start_of
from registry.gateway.threads import off_loop
from registry.sending import BINARY, HANDOVER, Plan, handed_over

CHUNK = 1024 * 1024
_PATHSEND = "http.response.pathsend"
_HANDOVER = HANDOVER.lower().encode()
_OK = 200


async def send_head(send: Send, what: Plan, headers: Headers = ()) -> None:
    """Answer a HEAD request: the same headers, no bytes."""
    await send(start_of(what.status, BINARY, what.length, [*what.headers(), *headers]))
    await send({"type": "http.response.body", "body": b""})


async def send_file(scope: Scope, send: Send, what: Plan, headers: Headers = ()) -> None:
    """Send the planned bytes, with headers of ours.

    Raises StorageError before anything is sent when the file is not there.
    """
    start = start_of(what.status, BINARY, what.length, [*what.headers(), *headers])
    await _send(scope, send, what, start)


async def _send(scope: Scope, send: Send, what: Plan, start: Message) -> None:
    """The server sends a whole file by itself where it offers that; else chunks, by a thread."""
    path = store().path(what.sha256)
    if not await off_loop(path.is_file):
        raise StorageError(f"{what.sha256[:12]} is missing from the artifact store")
    await send(start)
    if what.whole and what.size and _PATHSEND in (scope.get("extensions") or {}):
        await send({"type": _PATHSEND, "path": str(path)})
    else:
        await _send_chunks(send, path, what)


async def _send_chunks(send: Send, path: Path, what: Plan) -> None:
    file = await off_loop(path.open, "rb", 0)
    try:
        await off_loop(file.seek, what.first)
        left = what.length
        while left > 0:
            chunk = await off_loop(file.read, min(CHUNK, left))
            if not chunk:
                raise StorageError(f"{what.sha256[:12]} is shorter than recorded")
            left -= len(chunk)
            await send({"type": "http.response.body", "body": chunk, "more_body": left > 0})
        if what.length <= 0:
            await send({"type": "http.response.body", "body": b""})
    finally:
        await off_loop(file.close)


class FilesSent:
    """Django's ASGI application, with the files it hands over (registry.sending) sent here."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        handed: list[tuple[Message, str]] = []

        async def watch(message: Message) -> None:
            if message["type"] == "http.response.start":
                named = [v for k, v in message["headers"] if k.lower() == _HANDOVER]
                if named:
                    handed.append((message, bytes(named[0]).decode("ascii")))
                    return
            if not handed:
                await send(message)

        await self.app(scope, receive, watch)
        for start, value in handed:
            what = handed_over(value, whole=start["status"] == _OK)
            start["headers"] = [
                (name, text)
                for name, text in start["headers"]
                if name.lower() not in {_HANDOVER, b"content-length"}
            ] + [(b"content-length", str(what.length).encode())]
            if scope["method"] == "HEAD":
                await send(start)
                await send({"type": "http.response.body", "body": b""})
            else:
                await _send(scope, send, what, start)
