"""The MLflow server behind the portal, over HTTP on a private socket.

Here is what the portal itself asks; clients' calls are forwarded by registry.backends.relay.
MLFLOW_BACKEND_URL is http://host:port, or http+unix://<percent-encoded path>.
Reading is safe to repeat; `ensure_workspace` and `tag_version` set absolute values.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

import httpx

WORKSPACE_HEADER = "X-MLFLOW-WORKSPACE"
_API = "/api/2.0/mlflow"
_UNIX = "http+unix"
_TIMEOUT = httpx.Timeout(60, connect=5)
_LIMITS = httpx.Limits(max_connections=64, max_keepalive_connections=32, keepalive_expiry=4)
_NOT_FOUND = "RESOURCE_DOES_NOT_EXIST"


class MlflowError(Exception):
    """MLflow did not answer, or refused. code: its error_code, or UNREACHABLE."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code


@dataclass(frozen=True, slots=True)
class Answer:
    """What MLflow said: HTTP status and the raw JSON body."""

    status: int
    body: bytes


@dataclass(frozen=True, slots=True)
class DataSet:
    """A data set that a run says it used. context: "training", "evaluation" or other."""

    name: str
    digest: str
    context: str
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Run:
    """A run: its tags, last metrics and data sets."""

    run_id: str
    artifact_uri: str
    tags: Mapping[str, str]
    metrics: Mapping[str, float]
    data_sets: tuple[DataSet, ...] = ()


@dataclass(frozen=True, slots=True)
class LoggedModel:
    """A model logged by a run."""

    model_id: str
    run_id: str
    artifact_uri: str
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Version:
    """A registered model's version. source: models:/m-… or mlflow-artifacts:/…"""

    name: str
    version: int
    source: str
    run_id: str
    tags: Mapping[str, str] = field(default_factory=dict)


class Mlflow(Protocol):
    """What the portal asks of MLflow. Each raises MlflowError; None where nothing is."""

    def has_workspace(self, workspace: str) -> bool: ...

    def ensure_workspace(self, workspace: str) -> None: ...

    def run(self, workspace: str, run_id: str) -> Run | None: ...

    def logged_model(self, workspace: str, model_id: str) -> LoggedModel | None: ...

    def version(self, workspace: str, name: str, version: int) -> Version | None: ...

    def versions(self, workspace: str) -> Iterator[Version]:
        """All versions of a workspace, newest first, page by page."""

    def tag_version(self, workspace: str, name: str, version: int, key: str, value: str) -> None:
        """Set one tag of a version."""


class MlflowServer:
    """The real server."""

    def __init__(self, url: str) -> None:
        base, socket = address(url)
        transport = httpx.HTTPTransport(uds=socket, limits=_LIMITS, retries=1)
        self.client = httpx.Client(transport=transport, base_url=base, timeout=_TIMEOUT)

    def has_workspace(self, workspace: str) -> bool:
        path = f"/api/3.0/mlflow/workspaces/{workspace}"
        return self._ask("GET", path, "") is not None

    def ensure_workspace(self, workspace: str) -> None:
        if not self.has_workspace(workspace):
            body = {"name": workspace, "description": "A lab of the portal."}
            self._ask("POST", "/api/3.0/mlflow/workspaces", "", body)

    def run(self, workspace: str, run_id: str) -> Run | None:
        found = self._ask("GET", f"{_API}/runs/get", workspace, {"run_id": run_id})
        return None if found is None else _run(found["run"])

    def logged_model(self, workspace: str, model_id: str) -> LoggedModel | None:
        found = self._ask("GET", f"{_API}/logged-models/{model_id}", workspace)
        if found is None:
            return None
        info = found["model"]["info"]
        return LoggedModel(
            model_id=info["model_id"],
            run_id=info.get("source_run_id", ""),
            artifact_uri=info["artifact_uri"],
            tags=_tags(info.get("tags", [])),
        )

    def version(self, workspace: str, name: str, version: int) -> Version | None:
        query = {"name": name, "version": str(version)}
        found = self._ask("GET", f"{_API}/model-versions/get", workspace, query)
        return None if found is None else _version(found["model_version"])

    def versions(self, workspace: str) -> Iterator[Version]:
        token = ""
        while True:
            query = {"max_results": "200", "order_by": "last_updated_timestamp DESC"}
            query |= {"page_token": token} if token else {}
            found = self._ask("GET", f"{_API}/model-versions/search", workspace, query) or {}
            yield from (_version(item) for item in found.get("model_versions", []))
            token = found.get("next_page_token", "")
            if not token:
                return

    def tag_version(self, workspace: str, name: str, version: int, key: str, value: str) -> None:
        body = {"name": name, "version": str(version), "key": key, "value": value}
        self._ask("POST", f"{_API}/model-versions/set-tag", workspace, body)

    def _ask(
        self, method: str, path: str, workspace: str, fields: Mapping[str, str] | None = None
    ) -> dict[str, Any] | None:
        headers = {WORKSPACE_HEADER: workspace} if workspace else {}
        sent = {"params": fields} if method == "GET" else {"json": fields}
        try:
            response = self.client.request(method, path, headers=headers, **sent)  # type: ignore[arg-type]
            answer = response.json() if response.content else {}
        except (httpx.HTTPError, json.JSONDecodeError) as error:
            raise MlflowError("UNREACHABLE", type(error).__name__) from error
        if response.is_success:
            return dict(answer)
        code = str(answer.get("error_code", response.status_code))
        if method == "GET" and (code == _NOT_FOUND or response.status_code == 404):  # noqa: PLR2004
            return None
        raise MlflowError(code, str(answer.get("message", ""))[:300])


def address(url: str) -> tuple[str, str | None]:
    """(base URL, socket path or None) of MLFLOW_BACKEND_URL. Raises MlflowError when unset."""
    parts = urlsplit(url)
    if parts.scheme == _UNIX:
        return "http://localhost", unquote(parts.netloc)
    if parts.scheme not in {"http", "https"}:
        raise MlflowError("UNREACHABLE", "MLFLOW_BACKEND_URL is not set")
    return url.rstrip("/"), None


def _tags(items: list[dict[str, str]]) -> dict[str, str]:
    return {item["key"]: item.get("value", "") for item in items}


def _run(found: dict[str, Any]) -> Run:
    data = found.get("data", {})
    metrics = {item["key"]: float(item["value"]) for item in data.get("metrics", [])}
    inputs = found.get("inputs", {}).get("dataset_inputs", [])
    return Run(
        run_id=found["info"]["run_id"],
        artifact_uri=found["info"]["artifact_uri"],
        tags=_tags(data.get("tags", [])),
        metrics=metrics,
        data_sets=tuple(_data_set(item) for item in inputs),
    )


def _data_set(item: dict[str, Any]) -> DataSet:
    tags = _tags(item.get("tags", []))
    return DataSet(
        name=item["dataset"].get("name", ""),
        digest=item["dataset"].get("digest", ""),
        context=tags.get("mlflow.data.context", ""),
        tags=tags,
    )


def _version(found: dict[str, Any]) -> Version:
    return Version(
        name=found["name"],
        version=int(found["version"]),
        source=found.get("source", ""),
        run_id=found.get("run_id", ""),
        tags=_tags(found.get("tags", [])),
    )
