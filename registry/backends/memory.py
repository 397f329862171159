"""An MLflow in memory, for tests and for a portal that runs without one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from registry.backends.mlflow import LoggedModel, MlflowError, Run, Version


class MemoryMlflow:
    """What a test puts in is what it has. `down` makes every call fail."""

    def __init__(self) -> None:
        self.workspaces: set[str] = set()
        self.runs: dict[tuple[str, str], Run] = {}
        self.logged_models: dict[tuple[str, str], LoggedModel] = {}
        self.registered: dict[tuple[str, str, int], Version] = {}
        self.down = False

    def _answer(self) -> None:
        if self.down:
            raise MlflowError("UNREACHABLE", "down")

    def has_workspace(self, workspace: str) -> bool:
        self._answer()
        return workspace in self.workspaces

    def ensure_workspace(self, workspace: str) -> None:
        self._answer()
        self.workspaces.add(workspace)

    def run(self, workspace: str, run_id: str) -> Run | None:
        self._answer()
        return self.runs.get((workspace, run_id))

    def logged_model(self, workspace: str, model_id: str) -> LoggedModel | None:
        self._answer()
        return self.logged_models.get((workspace, model_id))

    def version(self, workspace: str, name: str, version: int) -> Version | None:
        self._answer()
        return self.registered.get((workspace, name, version))

    def versions(self, workspace: str) -> Iterator[Version]:
        self._answer()
        for (where, _name, _number), version in reversed(self.registered.items()):
            if where == workspace:
                yield version

    def tag_version(self, workspace: str, name: str, version: int, key: str, value: str) -> None:
        self._answer()
        at = (workspace, name, version)
        found = self.registered[at]
        self.registered[at] = replace(found, tags={**found.tags, key: value})
