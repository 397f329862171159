"""/mlflow: the MLflow protocol for the unmodified client, each call authorised by the portal.

Tracking URI: <portal>/mlflow with a portal token; or <portal>/mlflow/labs/<slug>. The lab is the
one in the address, else the one in MLFLOW_WORKSPACE, else the caller's only lab.

    read the call in one way -> find its row -> who, may they, in which lab -> clean fields
    -> before -> MLflow, in that lab's workspace -> the wall -> after
"""

from __future__ import annotations

import logging
import re
import time
import uuid
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from consortium.logs import request_id
from consortium.models import User
from registry.backends import MlflowError
from registry.backends.relay import Relay
from registry.gateway import artifacts, callers
from registry.gateway.answers import belongs_to, with_lab_name, without_sql
from registry.gateway.fields import shaped
from registry.gateway.handlers import AFTER, BEFORE, Call
from registry.gateway.http import (
    Disconnected,
    Receive,
    Request,
    Scope,
    Send,
    language_of,
    read_request,
    send_bytes,
    send_json,
)
from registry.gateway.parsing import (
    json_object,
    odd,
    plain_path,
    query_pairs,
    written_body,
    written_query,
)
from registry.gateway.refusals import Refused
from registry.gateway.routes import Access, Route, find
from registry.gateway.threads import in_thread
from registry.models import Lab

log = logging.getLogger("portal.request")
PREFIX = "/mlflow"
LARGEST_BODY = 10_000_000
_LABS = re.compile(r"^/labs/([a-z0-9-]{1,40})(/.*)\Z")
_ARTIFACTS = "/api/2.0/mlflow-artifacts/artifacts/"
_PLACE = "x-mlflow-workspace"


@dataclass(frozen=True, slots=True)
class Allowed:
    """A call that may go on: its row, the variable parts of its path, who, and where."""

    route: Route
    parts: dict[str, str]
    user: User
    lab: Lab


class MlflowGateway:
    """The ASGI application. `relay` is made at the first call, in the loop that runs it."""

    def __init__(self, relay: Relay | None = None) -> None:
        self._relay = relay

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.monotonic()
        mark = request_id.set(str(uuid.uuid4()))
        status = 200
        try:
            status = await self._answered(scope, receive, send)
        finally:
            ms = round((time.monotonic() - started) * 1000, 1)
            log.info("%s %s %s", scope["method"], scope["path"], status, extra={"ms": ms})
            request_id.reset(mark)

    async def _answered(self, scope: Scope, receive: Receive, send: Send) -> int:
        """Answer, or say why not, in the caller's language. Returns the status."""
        language = language_of(scope)
        with translation.override(language):
            try:
                await self._answer(read_request(scope, receive, PREFIX), send)
            except Disconnected:
                return 499
            except (Refused, PermissionDenied, MlflowError) as error:
                refused = as_refusal(error)
                await _send_refusal(send, refused)
                return refused.status
        return 200

    async def close(self) -> None:
        if self._relay is not None:
            await self._relay.close()

    async def _answer(self, request: Request, send: Send) -> None:
        lab_slug, path = _place(request)
        found = find(request.method, path)
        authorization = request.headers.get("authorization", "")
        if found is None:
            await in_thread(callers.identify, authorization)
            raise _closed(request.method, path)
        route, parts = found
        allowed = await in_thread(_allow, authorization, lab_slug, route, parts)
        translation.activate(allowed.user.language)
        if route.answered_by:
            await _answer_here(request, send, allowed)
        else:
            await self._forward(request, send, allowed, path)

    async def _forward(self, request: Request, send: Send, call: Allowed, path: str) -> None:
        fields = await read_fields(request, call)
        on_its_way = Call(call.user, call.lab, fields)
        if call.route.before:
            await BEFORE[call.route.before](on_its_way)
        reads = request.method == "GET"
        answer = await self.relay().send(
            request.method,
            path,
            query=written_query(fields) if reads else "",
            body=None if reads else written_body(fields),
            workspace=call.lab.workspace,
        )
        if not belongs_to(answer.body, call.lab.workspace):
            log.error("MLflow answered %s with another lab's objects", path)
            raise Refused(502, "INTERNAL_ERROR", _("This answer was withheld by the portal."))
        if answer.status < 300 and call.route.after:  # noqa: PLR2004  success
            await AFTER[call.route.after](on_its_way, answer.body)
        body = with_lab_name(answer.body, call.lab.workspace, call.lab.slug)
        if answer.status >= 400:  # noqa: PLR2004  an error
            body = without_sql(body)
        await send_bytes(send, answer.status, body, "application/json")

    def relay(self) -> Relay:
        if self._relay is None:
            self._relay = Relay(settings.MLFLOW_BACKEND_URL)
        return self._relay


async def read_fields(request: Request, call: Allowed) -> dict[str, Any]:
    """The call's fields, from the query of a GET or the JSON of all others, read and cleaned."""
    if request.method == "GET":
        if request.expects_bytes:
            odd(_("A GET call has no body. Put the fields into the query."))
        raw = query_pairs(request.query, call.route.repeated)
    else:
        if request.query:
            odd(
                _("A %(method)s call has no query. Put the fields into the body."),
                method=request.method,
            )
        if "content-encoding" in request.headers:
            odd(_("Send the body uncompressed."))
        body = await request.body(LARGEST_BODY)
        raw = json_object(body, request.headers.get("content-type", ""))
    fields = one_name(shaped(raw, call.route.shape))
    for name, value in call.parts.items():
        if fields.get(name, value) != value:
            odd(_("“%(name)s” is not the same in the address and in the call."), name=name)
    return fields


def one_name(fields: dict[str, Any]) -> dict[str, Any]:
    """run_uuid is an old name of run_id: one of them goes on, and they must agree."""
    if "run_uuid" not in fields:
        return fields
    rest = {name: value for name, value in fields.items() if name != "run_uuid"}
    if rest.setdefault("run_id", fields["run_uuid"]) != fields["run_uuid"]:
        odd(_("run_id and run_uuid name two runs. Send run_id alone."))
    return rest


def _place(request: Request) -> tuple[str, str]:
    """(lab slug or "", MLflow path) of a call. Raises Refused(400) where two labs are named."""
    path, named = request.path, request.headers.get(_PLACE, "").strip()
    if match := _LABS.match(path):
        if named and named != match[1]:
            odd(_("The address and MLFLOW_WORKSPACE name two labs. Use one of them."))
        named, path = match[1], match[2]
    if not path.startswith(_ARTIFACTS):
        plain_path(path)
    return named, path


def _allow(authorization: str, lab_slug: str, route: Route, parts: dict[str, str]) -> Allowed:
    """Whether the caller may, and in which lab; none for calls about no lab. Raises Refused."""
    caller = callers.identify(authorization)
    callers.require(caller, route.access)
    if route.touches in {"server", "labs"}:
        return Allowed(route, parts, caller.user, Lab())
    lab = callers.lab_for(caller, lab_slug, route.access)
    return Allowed(route, parts, caller.user, lab)


async def _answer_here(request: Request, send: Send, call: Allowed) -> None:
    if call.route.answered_by == "server_info":
        await send_json(send, 200, SERVER_INFO)
    elif call.route.answered_by == "list_labs":
        await send_json(send, 200, {"workspaces": await in_thread(_own_labs, call.user)})
    elif call.route.answered_by == "list_artifacts":
        fields = await read_fields(request, call)
        await artifacts.listing(send, call.lab, fields.get("path", ""))
    elif request.query:
        odd(_("An artifact's address has no query."))
    elif call.route.access is Access.WRITE:
        await artifacts.put(request, send, call.lab, call.user, call.parts["artifact"])
    else:
        await artifacts.get(request, send, call.lab, call.parts["artifact"])


def _own_labs(user: User) -> list[dict[str, str]]:
    labs = Lab.objects.worked_in_by(user)
    return [{"name": lab.slug, "description": lab.name_en} for lab in labs]


SERVER_INFO = {
    "store_type": "SqlStore",
    "workspaces_enabled": True,
    "trace_archival_enabled": False,
    # Bytes pass through the portal, which hashes and authorises them.
    "multipart_uploads_enabled": False,
    "multipart_downloads_enabled": False,
    "presigned_upload_run_id_supported": False,
    "presigned_upload_model_id_supported": False,
    "features_enabled": {"gateway": False},
}


def _closed(method: str, path: str) -> Refused:
    message = _("The portal does not offer the call %(method)s %(path)s of MLflow.")
    named = message % {"method": method[:10], "path": path[:120]}
    return Refused(404, "ENDPOINT_NOT_FOUND", named)


def as_refusal(error: Refused | PermissionDenied | MlflowError) -> Refused:
    if isinstance(error, Refused):
        return error
    if isinstance(error, PermissionDenied):
        return Refused(403, "PERMISSION_DENIED", str(error))
    log.warning("MLflow does not answer: %s", error)
    message = _("The MLflow server does not answer. Try again in a minute.")
    return Refused(503, "TEMPORARILY_UNAVAILABLE", message)


async def _send_refusal(send: Send, refused: Refused) -> None:
    body = {"error_code": refused.code, "message": str(refused.message)}
    await send_json(send, refused.status, body, refused.headers)
