"""The edges, called in this process, with an upstream that only takes notes."""

import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from asgiref.sync import async_to_sync, sync_to_async

from registry.backends.mlflow import Answer
from registry.gateway import artifacts, handlers, hub, mlflow, sender
from registry.gateway.hub import HubGateway
from registry.gateway.mlflow import MlflowGateway
from tests.factories import registry as make


@dataclass
class Sent:
    """One call as MLflow would have got it."""

    method: str
    path: str
    query: str
    body: bytes | None
    workspace: str

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class NotedRelay:
    """Notes every call; answers `answers[path]`, or an empty object."""

    sent: list[Sent] = field(default_factory=list)
    answers: dict[str, Answer] = field(default_factory=dict)

    async def send(self, method, path, *, query, body, workspace) -> Answer:
        self.sent.append(Sent(method, path, query, body, workspace))
        return self.answers.get(path, Answer(200, b"{}"))

    async def close(self) -> None:
        """Nothing is open."""


@dataclass
class Reply:
    """What an edge answered."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def ask(app, method, path, *, query=b"", headers=(), body=b"", chunks=None, cut=False) -> Reply:
    """Call an ASGI application. `chunks`: the body in parts; `cut`: the client goes away."""
    parts = list(chunks if chunks is not None else [body])
    incoming = [
        {"type": "http.request", "body": part, "more_body": i < len(parts) - 1 or cut}
        for i, part in enumerate(parts)
    ]
    incoming.append({"type": "http.disconnect"})
    outgoing: list[dict[str, Any]] = []

    async def receive():
        return incoming.pop(0) if len(incoming) > 1 else incoming[0]

    async def send(message):
        outgoing.append(message)

    if body and not any(name == "content-length" for name, _value in headers):
        headers = [*headers, ("content-length", str(len(body)))]
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode("latin-1"),
        "query_string": query,
        "headers": [(n.encode("latin-1"), v.encode("latin-1")) for n, v in headers],
        "extensions": {},
    }
    async_to_sync(app)(scope, receive, send)
    if not outgoing:
        return Reply(0, {}, b"")
    start = outgoing[0]
    found = {n.decode("latin-1"): v.decode("latin-1") for n, v in start["headers"]}
    return Reply(start["status"], found, b"".join(m.get("body", b"") for m in outgoing[1:]))


@pytest.fixture(autouse=True)
def one_connection(monkeypatch):
    """Work for the database is done on the test's own connection, in its transaction."""

    async def inline(work, *args, **kwargs):
        return await sync_to_async(work, thread_sensitive=True)(*args, **kwargs)

    for module in (artifacts, handlers, hub, mlflow):
        monkeypatch.setattr(module, "in_thread", inline)
    for module in (artifacts, handlers, sender):
        monkeypatch.setattr(module, "off_loop", inline)
    handlers.known.seen.clear()


@dataclass
class Door:
    """The MLflow gateway as one person meets it."""

    relay: NotedRelay
    token: str

    def __call__(self, method, path, fields=None, *, headers=(), **more) -> Reply:
        """`fields` is a GET's query (bytes) or another's JSON."""
        given = [("authorization", f"Bearer {self.token}"), *headers]
        if isinstance(fields, dict):
            given.append(("content-type", "application/json"))
            more["body"] = json.dumps(fields).encode()
        elif fields is not None:
            more["query"] = fields
        return ask(MlflowGateway(self.relay), method, f"/mlflow{path}", headers=given, **more)

    @property
    def sent(self) -> list[Sent]:
        return self.relay.sent


@pytest.fixture
def lab(db):
    return make.lab()


@pytest.fixture
def door(lab) -> Door:
    """The gateway for a maintainer of `lab`."""
    return Door(NotedRelay(), make.token(make.maintainer(lab)))


@pytest.fixture
def hub_app() -> HubGateway:
    return HubGateway()
