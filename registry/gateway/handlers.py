"""What the portal does before and after a call goes to MLflow. Named by gateway.routes.

`before` may change the fields, or refuse; `after` sees MLflow's successful answer.
"""

from __future__ import annotations

import json
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext_lazy as _

from consortium.errors import DomainError
from consortium.models import User
from registry.actions import candidates, checkpoints
from registry.backends import MlflowError, StorageError, mlflow
from registry.gateway.parsing import artifact_path, odd
from registry.gateway.refusals import Refused
from registry.gateway.threads import in_thread, off_loop
from registry.models import Lab

log = logging.getLogger(__name__)
OWNER_TAG = "portal.user"
# Tags that only the portal writes; the others named portal.* are the user's to set.
OWN_TAGS = frozenset({OWNER_TAG, "portal.checkpoint", "portal.manifest"})
_REMEMBERED = 50_000
_PROXIED = "mlflow-artifacts:/"


@dataclass(slots=True)
class Call:
    """One call on its way: who, in which lab, and its fields, which handlers may change."""

    user: User
    lab: Lab
    fields: dict[str, Any]


Before = Callable[[Call], Awaitable[None]]
After = Callable[[Call, bytes], Awaitable[None]]


class Known:
    """Which runs and logged models were seen in which workspace. They never move, so a yes
    stays true; only a yes is kept. The oldest is forgotten first."""

    def __init__(self, most: int = _REMEMBERED) -> None:
        self.most = most
        self.seen: OrderedDict[tuple[str, str], None] = OrderedDict()

    def has(self, workspace: str, ident: str) -> bool:
        return (workspace, ident) in self.seen

    def add(self, workspace: str, ident: str) -> None:
        self.seen[workspace, ident] = None
        if len(self.seen) > self.most:
            self.seen.popitem(last=False)


known = Known()


async def sign_tags(call: Call) -> None:
    """A new run says who made it, by the token; what the client says of it is replaced."""
    kept = [tag for tag in call.fields.get("tags", []) if tag.get("key") not in OWN_TAGS]
    call.fields["tags"] = [*kept, {"key": OWNER_TAG, "value": call.user.get_username()}]


async def keep_own_tags(call: Call) -> None:
    if call.fields.get("key") in OWN_TAGS:
        odd(_("“%(name)s” is set by the portal. Leave it out."), name=call.fields["key"])


async def check_references(call: Call) -> None:
    """Runs and logged models named beside the call's own must be of the lab too.

    MLflow looks up the call's own object in the workspace, but not all of these.
    """
    named = _models_in(call.fields)
    runs = {item["run_id"] for item in call.fields.get("metrics", []) if "run_id" in item}
    if "source_run_id" in call.fields:
        runs.add(call.fields["source_run_id"])
    for tag in call.fields.get("tags", []):
        if tag.get("key") in OWN_TAGS:
            odd(_("“%(name)s” is set by the portal. Leave it out."), name=tag["key"])
    for ident in sorted(named):
        await _require_here(call, ident, _is_logged_model)
    for ident in sorted(runs - {call.fields.get("run_id", "")}):
        await _require_here(call, ident, _is_run)


def _models_in(fields: dict[str, Any]) -> set[str]:
    rows = [fields, *fields.get("metrics", []), *fields.get("models", [])]
    return {row["model_id"] for row in rows if row.get("model_id")}


async def _require_here(call: Call, ident: str, is_here: Callable[[str, str], bool]) -> None:
    workspace = call.lab.workspace
    if known.has(workspace, ident):
        return
    if not await off_loop(is_here, workspace, ident):
        message = _("There is no “%(id)s” in this lab.")
        raise Refused(404, "RESOURCE_DOES_NOT_EXIST", message % {"id": ident})
    known.add(workspace, ident)


def _is_logged_model(workspace: str, ident: str) -> bool:
    return mlflow().logged_model(workspace, ident) is not None


def _is_run(workspace: str, ident: str) -> bool:
    return mlflow().run(workspace, ident) is not None


async def check_version(call: Call) -> None:
    """Before a version exists: its source must be of the lab, and all it says must hold.

    What could not become a checkpoint is refused here, so that MLflow has no version of it.
    """
    source = str(call.fields.get("source", ""))
    if source.startswith(_PROXIED):
        source = _PROXIED + artifact_path(source.removeprefix(_PROXIED).replace("%", "%25"))
    elif model_id := call.fields.get("model_id"):
        source = f"models:/{model_id}" if source in ("", f"models:/{model_id}") else "?"
    call.fields["source"] = source
    await sign_tags(call)
    run_id = str(call.fields.get("run_id", ""))
    await in_thread(_examine, call.lab, source, run_id, call.user)


def _examine(lab: Lab, source: str, run_id: str, user: User) -> None:
    with_refusals(lambda: candidates.examine(lab, source=source, run_id=run_id, by=user))


async def record_checkpoint(call: Call, body: bytes) -> None:
    """After a version exists: its checkpoint. Should this be cut off, the sweep makes it."""
    try:
        version = json.loads(body)["model_version"]
        await in_thread(
            checkpoints.record_version,
            call.lab,
            name=str(version["name"]),
            version=int(version["version"]),
            source=str(version["source"]),
            run_id=str(version.get("run_id", "")),
            by=call.user,
        )
    except (DomainError, PermissionDenied, MlflowError, StorageError, KeyError, ValueError):
        log.exception("a registered version has no checkpoint yet; the sweep will try again")


def with_refusals(work: Callable[[], object]) -> None:
    """Run an action and turn what the rules say into the protocol's refusals."""
    try:
        work()
    except DomainError as error:
        raise Refused(400, "INVALID_PARAMETER_VALUE", error.message) from error
    except PermissionDenied as error:
        raise Refused(403, "PERMISSION_DENIED", str(error)) from error
    except StorageError as error:
        raise Refused(503, "TEMPORARILY_UNAVAILABLE", str(error)) from error


BEFORE: dict[str, Before] = {
    "sign_tags": sign_tags,
    "keep_own_tags": keep_own_tags,
    "check_references": check_references,
    "check_version": check_version,
}
AFTER: dict[str, After] = {"record_checkpoint": record_checkpoint}
