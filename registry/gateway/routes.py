"""The allow-list: every MLflow call that passes, and how. What is not here is refused.

One row says: method and address, whether it reads or writes, which object of the lab it
touches, the fields it may have (gateway.fields), and what the portal does beside MLflow.
Every row is confined to one lab: MLflow sees only that lab's workspace, and every answer is
searched for another's (gateway.answers). MLflow 3.17.2 has 491 routes; the others are closed,
and a test that counts them fails when a new version brings more.

Closed on purpose: all of /ajax-api (the same calls by another name), graphql, the LLM gateway,
assistant, jobs, traces, webhooks, scorers, datasets, mcp-servers, workspace changes, multipart
and presigned transfer, MLflow's own artifact listing, deletion of registered models, versions
and logged models (a checkpoint is retired in the portal), renaming, stages.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import cache

from registry.gateway import fields as f
from registry.gateway.fields import PAGE, Shape


class Access(Enum):
    """READ: RUN or MODEL reading of a lab open to the caller. WRITE: the lab's own members."""

    READ = "read"
    WRITE = "write"


READ, WRITE = Access.READ, Access.WRITE


@dataclass(frozen=True, slots=True)
class Route:
    """One allowed call.

    touches: the kind of object; repeated: names that may stand more than once in a query;
    answered_by: the portal's own handler, where MLflow is not asked; before, after: what the
    portal does around MLflow's answer. All three name functions of gateway.handlers.
    """

    method: str
    template: str
    access: Access
    touches: str
    shape: Shape = field(default_factory=dict)
    repeated: frozenset[str] = frozenset()
    answered_by: str = ""
    before: str = ""
    after: str = ""


_RUN: Shape = {"run_id": f.run_id, "run_uuid": f.run_id}
_VERSION: Shape = {"name": f.model_name, "version": f.version}
_ORDER = frozenset({"order_by"})
_SEARCH: Shape = PAGE | {"order_by": f.many(f.text, 10)}
_TAG_VALUE: Shape = {"key": f.key, "value": f.text}

_EXPERIMENTS = (
    Route(
        *("POST", "/experiments/create", WRITE, "experiment"),
        {"name": f.key, "tags": f.tags, "artifact_location": f.empty},
    ),
    Route("GET", "/experiments/get", READ, "experiment", {"experiment_id": f.experiment_id}),
    Route("GET", "/experiments/get-by-name", READ, "experiment", {"experiment_name": f.key}),
    Route(
        *("POST", "/experiments/search", READ, "experiment"),
        _SEARCH | {"view_type": f.state},
    ),
    Route(
        *("GET", "/experiments/search", READ, "experiment"),
        _SEARCH | {"view_type": f.state},
        _ORDER,
    ),
    Route(
        *("POST", "/experiments/update", WRITE, "experiment"),
        {"experiment_id": f.experiment_id, "new_name": f.key},
    ),
    Route("POST", "/experiments/delete", WRITE, "experiment", {"experiment_id": f.experiment_id}),
    Route("POST", "/experiments/restore", WRITE, "experiment", {"experiment_id": f.experiment_id}),
    Route(
        *("POST", "/experiments/set-experiment-tag", WRITE, "experiment"),
        {"experiment_id": f.experiment_id} | _TAG_VALUE,
    ),
    Route(
        *("POST", "/experiments/delete-experiment-tag", WRITE, "experiment"),
        {"experiment_id": f.experiment_id, "key": f.key},
    ),
)

_RUNS = (
    Route(
        *("POST", "/runs/create", WRITE, "run"),
        {
            "experiment_id": f.experiment_id,
            "user_id": f.text,
            "run_name": f.text,
            "start_time": f.whole,
            "tags": f.tags,
        },
        before="sign_tags",
    ),
    Route("GET", "/runs/get", READ, "run", _RUN),
    Route(
        *("POST", "/runs/update", WRITE, "run"),
        _RUN | {"status": f.state, "end_time": f.whole, "run_name": f.text},
    ),
    Route("POST", "/runs/delete", WRITE, "run", _RUN),
    Route("POST", "/runs/restore", WRITE, "run", _RUN),
    Route(
        *("POST", "/runs/log-metric", WRITE, "run"),
        _RUN | f.METRIC,
        before="check_references",
    ),
    Route("POST", "/runs/log-parameter", WRITE, "run", _RUN | _TAG_VALUE),
    Route(
        *("POST", "/runs/log-batch", WRITE, "run"),
        _RUN | {"metrics": f.many(f.one(f.METRIC)), "params": f.tags, "tags": f.tags},
        before="check_references",
    ),
    Route(
        *("POST", "/runs/log-inputs", WRITE, "run"),
        _RUN
        | {
            "datasets": f.many(f.one({"tags": f.tags, "dataset": f.one(f.DATA_SET)}), 200),
            "models": f.many(f.one({"model_id": f.logged_model_id}), 200),
        },
        before="check_references",
    ),
    Route(
        *("POST", "/runs/outputs", WRITE, "run"),
        _RUN | {"models": f.many(f.one({"model_id": f.logged_model_id, "step": f.whole}), 200)},
        before="check_references",
    ),
    Route("POST", "/runs/set-tag", WRITE, "run", _RUN | _TAG_VALUE, before="keep_own_tags"),
    Route("POST", "/runs/delete-tag", WRITE, "run", _RUN | {"key": f.key}, before="keep_own_tags"),
    Route(
        *("POST", "/runs/search", READ, "run"),
        _SEARCH | {"experiment_ids": f.many(f.experiment_id, 1000), "run_view_type": f.state},
    ),
    Route(
        *("GET", "/metrics/get-history", READ, "run"),
        _RUN | {"metric_key": f.key, "page_token": f.text, "max_results": f.whole},
    ),
)

_LOGGED_MODELS = (
    Route(
        *("POST", "/logged-models", WRITE, "logged model"),
        {
            "experiment_id": f.experiment_id,
            "name": f.key,
            "model_type": f.text,
            "source_run_id": f.run_id,
            "params": f.tags,
            "tags": f.tags,
        },
        before="check_references",
    ),
    Route("GET", "/logged-models/{model_id}", READ, "logged model"),
    Route(
        *("PATCH", "/logged-models/{model_id}", WRITE, "logged model"),
        {"model_id": f.logged_model_id, "status": f.state},
    ),
    Route(
        *("PATCH", "/logged-models/{model_id}/tags", WRITE, "logged model"),
        {"model_id": f.logged_model_id, "tags": f.tags},
    ),
    Route(
        *("DELETE", "/logged-models/{model_id}/tags/{tag_key}", WRITE, "logged model"),
        {"model_id": f.logged_model_id, "tag_key": f.key},
    ),
    Route(
        *("POST", "/logged-models/{model_id}/params", WRITE, "logged model"),
        {"model_id": f.logged_model_id, "params": f.tags},
    ),
    Route(
        *("POST", "/logged-models/search", READ, "logged model"),
        PAGE
        | {
            "experiment_ids": f.many(f.experiment_id, 1000),
            "datasets": f.many(f.one({"dataset_name": f.text, "dataset_digest": f.text}), 100),
            "order_by": f.many(f.one(f.ORDER), 10),
        },
    ),
)

_REGISTERED = (
    Route(
        *("POST", "/registered-models/create", WRITE, "model"),
        {"name": f.model_name, "tags": f.tags, "description": f.text, "deployment_job_id": f.empty},
    ),
    Route("GET", "/registered-models/get", READ, "model", {"name": f.model_name}),
    Route("GET", "/registered-models/search", READ, "model", _SEARCH, _ORDER),
    Route(
        *("PATCH", "/registered-models/update", WRITE, "model"),
        {"name": f.model_name, "description": f.text, "deployment_job_id": f.empty},
    ),
    Route(
        *("POST", "/registered-models/set-tag", WRITE, "model"),
        {"name": f.model_name} | _TAG_VALUE,
    ),
    Route(
        *("DELETE", "/registered-models/delete-tag", WRITE, "model"),
        {"name": f.model_name, "key": f.key},
    ),
    Route(
        *("POST", "/registered-models/alias", WRITE, "model"),
        _VERSION | {"alias": f.alias},
    ),
    Route(
        *("DELETE", "/registered-models/alias", WRITE, "model"),
        {"name": f.model_name, "alias": f.alias},
    ),
    Route(
        *("GET", "/registered-models/alias", READ, "version"),
        {"name": f.model_name, "alias": f.alias},
    ),
    Route(
        *("POST", "/registered-models/get-latest-versions", READ, "version"),
        {"name": f.model_name, "stages": f.many(f.text, 10)},
    ),
    Route(
        *("GET", "/registered-models/get-latest-versions", READ, "version"),
        {"name": f.model_name, "stages": f.many(f.text, 10)},
        frozenset({"stages"}),
    ),
)

_VERSIONS = (
    Route(
        *("POST", "/model-versions/create", WRITE, "version"),
        {
            "name": f.model_name,
            "source": f.text,
            "run_id": f.run_id,
            "tags": f.tags,
            "run_link": f.empty,
            "description": f.text,
            "model_id": f.logged_model_id,
        },
        before="check_version",
        after="record_checkpoint",
    ),
    Route("GET", "/model-versions/get", READ, "version", _VERSION),
    Route("GET", "/model-versions/search", READ, "version", _SEARCH, _ORDER),
    Route(
        *("PATCH", "/model-versions/update", WRITE, "version"),
        _VERSION | {"description": f.text},
    ),
    Route(
        *("POST", "/model-versions/set-tag", WRITE, "version"),
        _VERSION | _TAG_VALUE,
        before="keep_own_tags",
    ),
    Route(
        *("DELETE", "/model-versions/delete-tag", WRITE, "version"),
        _VERSION | {"key": f.key},
        before="keep_own_tags",
    ),
    Route("GET", "/model-versions/get-download-uri", READ, "version", _VERSION),
)

_OWN = (
    Route(
        *("GET", "/api/3.0/mlflow/server-info", READ, "server"),
        answered_by="server_info",
    ),
    Route(
        *("GET", "/api/3.0/mlflow/workspaces", READ, "labs"),
        answered_by="list_labs",
    ),
    Route(
        *("GET", "/api/2.0/mlflow-artifacts/artifacts", READ, "artifact"),
        {"path": f.folder},
        answered_by="list_artifacts",
    ),
    Route(
        *("GET", "/api/2.0/mlflow-artifacts/artifacts/{artifact:path}", READ, "artifact"),
        answered_by="get_artifact",
    ),
    Route(
        *("PUT", "/api/2.0/mlflow-artifacts/artifacts/{artifact:path}", WRITE, "artifact"),
        answered_by="put_artifact",
    ),
)

_API = "/api/2.0/mlflow"


def _under_api(rows: tuple[Route, ...]) -> tuple[Route, ...]:
    return tuple(
        Route(
            *(row.method, _API + row.template, row.access, row.touches, row.shape),
            *(row.repeated, row.answered_by, row.before, row.after),
        )
        for row in rows
    )


ROUTES: tuple[Route, ...] = (
    *_under_api(_EXPERIMENTS + _RUNS + _LOGGED_MODELS + _REGISTERED + _VERSIONS),
    *_OWN,
)

_PARTS = {
    "{model_id}": r"(?P<model_id>m-[0-9a-f]{32})",
    "{tag_key}": r"(?P<tag_key>[A-Za-z0-9_.-]{1,250})",
    "{artifact:path}": r"(?P<artifact>.+)",
}
_FIXED: Mapping[tuple[str, str], Route] = {
    (route.method, route.template): route for route in ROUTES if "{" not in route.template
}


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str], Route], ...]:
    found = []
    for route in ROUTES:
        if "{" in route.template:
            pattern = route.template.replace(".", r"\.")
            for name, part in _PARTS.items():
                pattern = pattern.replace(name, part)
            found.append((route.method, re.compile(pattern), route))
    return tuple(found)


def find(method: str, path: str) -> tuple[Route, dict[str, str]] | None:
    """The row for a call and the variable parts of its path, or None: then it is refused."""
    if route := _FIXED.get((method, path)):
        return route, {}
    for wanted, pattern, route in _patterns():
        if wanted == method and (match := pattern.fullmatch(path)):
            return route, match.groupdict()
    return None
