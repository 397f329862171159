"""This app's part of /api/v1/."""

from rest_framework.routers import BaseRouter

from registry.api.income import StatementViewSet
from registry.api.labs import LabViewSet
from registry.api.licences import LicenceViewSet
from registry.api.models import CheckpointViewSet, ModelViewSet
from registry.api.offerings import OfferingViewSet
from registry.api.releases import ReleaseViewSet
from registry.api.transfers import TransferViewSet


def register(router: BaseRouter) -> None:
    """Add this app's viewsets to the router."""
    router.register("labs", LabViewSet, basename="lab")
    router.register("models", ModelViewSet, basename="model")
    router.register("checkpoints", CheckpointViewSet, basename="checkpoint")
    router.register("releases", ReleaseViewSet, basename="release")
    router.register("transfers", TransferViewSet, basename="transfer")
    router.register("offerings", OfferingViewSet, basename="offering")
    router.register("licences", LicenceViewSet, basename="licence")
    router.register("statements", StatementViewSet, basename="statement")
