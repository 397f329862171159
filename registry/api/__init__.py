"""This app's part of /api/v1/."""

from rest_framework.routers import BaseRouter

from registry.api.labs import LabViewSet
from registry.api.models import CheckpointViewSet, ModelViewSet
from registry.api.releases import ReleaseViewSet


def register(router: BaseRouter) -> None:
    """Add this app's viewsets to the router."""
    router.register("labs", LabViewSet, basename="lab")
    router.register("models", ModelViewSet, basename="model")
    router.register("checkpoints", CheckpointViewSet, basename="checkpoint")
    router.register("releases", ReleaseViewSet, basename="release")
