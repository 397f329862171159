"""The little of HTTP that the edges need, on bare ASGI."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, MutableMapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from registry.gateway.refusals import Refused

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = Iterable[tuple[str, str]]

# Headers on which two readers must never disagree.
_ONCE = frozenset(
    {
        *("authorization", "content-type", "content-length", "content-encoding", "range"),
        *("transfer-encoding", "if-range", "x-mlflow-workspace", "host"),
    }
)
# Nothing an edge serves may run as a page of the portal.
_SAFE = (
    ("x-content-type-options", "nosniff"),
    ("content-security-policy", "default-src 'none'; sandbox"),
    ("referrer-policy", "no-referrer"),
)
_CHINESE = re.compile(r"^\s*zh\b", re.IGNORECASE)


class Disconnected(Exception):
    """The client went away before it had sent everything."""


@dataclass(slots=True)
class Request:
    """One HTTP request. path: as it came, still percent-encoded, below the edge's prefix."""

    method: str
    path: str
    query: bytes
    headers: dict[str, str]
    receive: Receive
    scope: Scope

    @property
    def expects_bytes(self) -> bool:
        return self.headers.get("content-length", "0") != "0" or (
            "transfer-encoding" in self.headers
        )

    async def stream(self) -> AsyncIterator[bytes]:
        """The body in the chunks in which it comes. Raises Disconnected."""
        while True:
            message = await self.receive()
            if message["type"] == "http.disconnect":
                raise Disconnected
            if chunk := message.get("body", b""):
                yield bytes(chunk)
            if not message.get("more_body", False):
                return

    async def body(self, limit: int) -> bytes:
        """The whole body. Raises Refused(413) above `limit` bytes."""
        parts, size = [], 0
        async for chunk in self.stream():
            size += len(chunk)
            if size > limit:
                message = _("This call is larger than %(limit)s MB. Send it in parts.")
                raise Refused(413, "BAD_REQUEST", message % {"limit": limit // 1_000_000})
            parts.append(chunk)
        return b"".join(parts)


def language_of(scope: Scope) -> str:
    """The language for somebody not yet known: Chinese if it is asked for first."""
    for name, value in scope["headers"]:
        if bytes(name).lower() == b"accept-language":
            return "zh-hans" if _CHINESE.match(bytes(value).decode("latin-1")) else "en"
    return "en"


def read_request(scope: Scope, receive: Receive, prefix: str) -> Request:
    """The request of an ASGI scope. Raises Refused(400) on a doubled or unreadable header."""
    headers: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name = bytes(raw_name).decode("latin-1").lower()
        if name in headers and name in _ONCE:
            message = _("The header “%(name)s” was sent twice. Send it once.")
            raise Refused(400, "BAD_REQUEST", message % {"name": name})
        headers[name] = bytes(raw_value).decode("latin-1")
    raw_path = bytes(scope.get("raw_path") or scope["path"].encode()).partition(b"?")[0]
    path = raw_path.decode("latin-1").removeprefix(prefix)
    query = bytes(scope.get("query_string", b""))
    return Request(scope["method"], path, query, headers, receive, scope)


async def send_bytes(
    send: Send, status: int, body: bytes, content_type: str, headers: Headers = ()
) -> None:
    await send(start_of(status, content_type, len(body), headers))
    await send({"type": "http.response.body", "body": body})


async def send_json(send: Send, status: int, value: object, headers: Headers = ()) -> None:
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    await send_bytes(send, status, body, "application/json", headers)


def start_of(status: int, content_type: str, length: int, headers: Headers = ()) -> Message:
    """The first message of a response, with what makes it harmless in a browser."""
    lines = [
        ("content-type", content_type),
        ("content-length", str(length)),
        *_SAFE,
        *headers,
    ]
    return {
        "type": "http.response.start",
        "status": status,
        "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in lines],
    }
