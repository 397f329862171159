"""The one ASGI application: the gateways first, Django for all the rest."""

import os
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
_django = get_asgi_application()

from registry.gateway.hub import HubGateway  # noqa: E402  after Django is set up
from registry.gateway.mlflow import MlflowGateway  # noqa: E402
from registry.gateway.sender import FilesSent  # noqa: E402

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

django_application = FilesSent(_django)  # type: ignore[arg-type]
mlflow_gateway = MlflowGateway()
hub_gateway = HubGateway()
EDGES: dict[str, Callable[[Scope, Receive, Send], Awaitable[None]]] = {
    "/mlflow": mlflow_gateway,
    "/hf": hub_gateway,
}


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Dispatch by the first part of the path, undecoded. Answers the lifespan protocol too."""
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
        return
    if scope["type"] == "http":
        first = "/" + scope["path"].lstrip("/").partition("/")[0]
        if edge := EDGES.get(first):
            await edge(scope, receive, send)
            return
    await django_application(scope, receive, send)


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        if message["type"] == "lifespan.shutdown":
            await mlflow_gateway.close()
            await send({"type": "lifespan.shutdown.complete"})
            return
        await send({"type": f"{message['type']}.complete"})
