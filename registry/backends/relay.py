"""Forwards clients' calls to MLflow: a small HTTP/1.1 client for one server, connections kept.

Written by hand because it stands in every call: httpx costs 1.5 ms of processor time here, this
a fifth of that (docs/adr/0010). It speaks to uvicorn only, sends whole bodies, takes whole answers.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

from registry.backends.mlflow import WORKSPACE_HEADER, Answer, MlflowError, address

TIMEOUT = 60.0
# uvicorn closes what was idle for 5 s; a connection older than this is not trusted any more.
IDLE = 3.0
LARGEST_HEAD = 65_536
LARGEST_ANSWER = 200_000_000
_NO_BODY = frozenset({204, 304})


@dataclass(slots=True)
class _Link:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    used_at: float
    fresh: bool = True

    def alive(self, now: float) -> bool:
        closed = self.reader.at_eof() or self.writer.is_closing()
        return not closed and now - self.used_at < IDLE

    def close(self) -> None:
        self.writer.close()


class _Gone(Exception):
    """The server closed the connection before it answered anything."""


class Relay:
    """Calls that were checked and written anew go through here, and nothing else does."""

    def __init__(self, url: str) -> None:
        base, self.socket = address(url)
        parts = urlsplit(base)
        self.host, self.tls = parts.hostname or "localhost", parts.scheme == "https"
        self.port = parts.port or (443 if self.tls else 80)
        self.idle: deque[_Link] = deque()

    async def send(
        self, method: str, path: str, *, query: str, body: bytes | None, workspace: str
    ) -> Answer:
        """MLflow's answer. Raises MlflowError when there is none.

        A call on a kept connection that the server has closed meanwhile goes out once more if
        it only reads; what writes is not sent twice.
        """
        message = self._message(method, f"{path}?{query}" if query else path, body, workspace)
        try:
            async with asyncio.timeout(TIMEOUT):
                try:
                    return await self._exchange(message)
                except _Gone:
                    if method != "GET":
                        raise
                    self._forget()
                    return await self._exchange(message)
        except (OSError, TimeoutError, _Gone, ValueError, asyncio.IncompleteReadError) as error:
            raise MlflowError("UNREACHABLE", type(error).__name__) from error

    async def close(self) -> None:
        self._forget()

    def _message(self, method: str, target: str, body: bytes | None, workspace: str) -> bytes:
        head = [
            f"{method} {target} HTTP/1.1",
            f"Host: {'localhost' if self.socket else self.host}",
            f"{WORKSPACE_HEADER}: {workspace}",
        ]
        if body is not None:
            head += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
        return "\r\n".join([*head, "", ""]).encode("ascii") + (body or b"")

    async def _exchange(self, message: bytes) -> Answer:
        link = await self._link()
        try:
            link.writer.write(message)
            await link.writer.drain()
            answer, keep = await _read_answer(link)
        except BaseException:
            link.close()
            raise
        if keep:
            link.used_at, link.fresh = time.monotonic(), False
            self.idle.append(link)
        else:
            link.close()
        return answer

    async def _link(self) -> _Link:
        now = time.monotonic()
        while self.idle:
            link = self.idle.pop()
            if link.alive(now):
                return link
            link.close()
        if self.socket:
            pair = await asyncio.open_unix_connection(self.socket, limit=LARGEST_HEAD)
        else:
            context = ssl.create_default_context() if self.tls else None
            pair = await asyncio.open_connection(
                self.host, self.port, ssl=context, limit=LARGEST_HEAD
            )
        return _Link(*pair, used_at=now)

    def _forget(self) -> None:
        while self.idle:
            with suppress(RuntimeError):  # a loop that is closed already
                self.idle.pop().close()


async def _read_answer(link: _Link) -> tuple[Answer, bool]:
    """(answer, whether the connection can be used again)."""
    try:
        head = await link.reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError) as error:
        partial = getattr(error, "partial", b"")
        if not partial and not link.fresh:
            raise _Gone from error
        raise
    except asyncio.LimitOverrunError as error:
        raise ValueError("the answer's head is too long") from error
    first, *lines = head.decode("latin-1").split("\r\n")
    status = int(first.split(" ", 2)[1])
    headers = {}
    for line in lines:
        name, _colon, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    keep = headers.get("connection", "").lower() != "close"
    if status in _NO_BODY:
        return Answer(status, b""), keep
    if headers.get("transfer-encoding", "").lower() == "chunked":
        return Answer(status, await _chunks(link.reader)), keep
    if "content-length" in headers:
        length = int(headers["content-length"])
        if length > LARGEST_ANSWER:
            raise ValueError("the answer is too long")
        return Answer(status, await link.reader.readexactly(length)), keep
    return Answer(status, await link.reader.read(LARGEST_ANSWER)), False


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    parts, size = list[bytes](), 0
    while True:
        length = int((await reader.readuntil(b"\r\n")).partition(b";")[0], 16)
        if length == 0:
            while await reader.readuntil(b"\r\n") != b"\r\n":
                pass
            return b"".join(parts)
        size += length
        if size > LARGEST_ANSWER:
            raise ValueError("the answer is too long")
        parts.append(await reader.readexactly(length))
        await reader.readexactly(2)
