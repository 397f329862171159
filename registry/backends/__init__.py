"""Other systems: the artifact store and the MLflow server, as settings name them."""

from functools import cache

from django.conf import settings

from registry.backends.mlflow import (
    DataSet,
    LoggedModel,
    Mlflow,
    MlflowError,
    MlflowServer,
    Run,
    Version,
)
from registry.backends.storage import (
    ArtifactStore,
    StorageError,
    StorageFull,
    Stored,
    Writer,
    store_at,
)

__all__ = [
    "ArtifactStore",
    "DataSet",
    "LoggedModel",
    "Mlflow",
    "MlflowError",
    "Run",
    "StorageError",
    "StorageFull",
    "Stored",
    "Version",
    "Writer",
    "mlflow",
    "store",
]

_store_at = cache(store_at)
_mlflow_at = cache(MlflowServer)


def store() -> ArtifactStore:
    """The store at settings.ARTIFACT_ROOT. Raises StorageError for a kind that is not built."""
    return _store_at(str(settings.ARTIFACT_ROOT))


def mlflow() -> Mlflow:
    """The server at settings.MLFLOW_BACKEND_URL. Raises MlflowError where there is none."""
    return _mlflow_at(settings.MLFLOW_BACKEND_URL)
