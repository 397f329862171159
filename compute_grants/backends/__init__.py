"""Clusters, as the rest of the portal sees them."""

from django.conf import settings
from django.utils.module_loading import import_string

from compute_grants.backends.base import ClusterAccount, ClusterBackend, ClusterError, WaitingJob

__all__ = ["ClusterAccount", "ClusterBackend", "ClusterError", "WaitingJob", "cluster"]


def cluster(name: str, backend: str) -> ClusterBackend:
    """The cluster `name`, by the backend that its machine states.

    Raises ClusterError where settings.CLUSTER_BACKENDS has no such backend.
    """
    path = settings.CLUSTER_BACKENDS.get(backend)
    if path is None:
        raise ClusterError(f"this portal has no backend {backend!r} for clusters")
    found: ClusterBackend = import_string(path)(name)
    return found
