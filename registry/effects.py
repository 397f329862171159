"""What makes MLflow look as the portal wants it."""

from __future__ import annotations

from consortium.effects import Spec
from consortium.models import DesiredState
from registry.backends import mlflow


class WorkspaceEffect:
    """Each lab has a workspace on the MLflow server, which keeps labs apart there too."""

    def observe(self, key: str, spec: Spec) -> Spec | None:  # noqa: ARG002  the protocol's
        return {"workspace": key} if mlflow().has_workspace(key) else None

    def satisfied(self, spec: Spec, observed: Spec | None) -> bool:  # noqa: ARG002
        return observed is not None

    def apply(self, key: str, spec: Spec, observed: Spec | None) -> None:  # noqa: ARG002
        mlflow().ensure_workspace(key)

    def settled(self, row: DesiredState) -> None:
        """Nothing of the portal's changes with it."""
