"""Other systems: the artifact store and the MLflow server."""

from registry.backends.storage import ArtifactStore, Stored, StorageError, StorageFull, store_at

__all__ = ["ArtifactStore", "StorageError", "StorageFull", "Stored", "store_at"]
