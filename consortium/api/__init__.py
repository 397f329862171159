"""This app's part of /api/v1/.

DRF itself loads `consortium.api.authentication` while it starts, so nothing of DRF may be
imported here at the top.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rest_framework.routers import BaseRouter


def register(router: BaseRouter) -> None:
    """Add this app's viewsets to the router."""
    from consortium.api import openapi  # noqa: F401, PLC0415  known to drf-spectacular by import
    from consortium.api.effects import EffectViewSet  # noqa: PLC0415
    from consortium.api.institutions import InstitutionViewSet  # noqa: PLC0415  see above
    from consortium.api.notices import NoticeViewSet  # noqa: PLC0415
    from consortium.api.people import PersonViewSet  # noqa: PLC0415
    from consortium.api.tokens import TokenViewSet  # noqa: PLC0415

    router.register("institutions", InstitutionViewSet, basename="institution")
    router.register("people", PersonViewSet, basename="person")
    router.register("notices", NoticeViewSet, basename="notice")
    router.register("effects", EffectViewSet, basename="effect")
    router.register("tokens", TokenViewSet, basename="token")
