"""Changes to other systems over the API: which wait or fail, and trying one again."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from consortium.actions import desired
from consortium.http import actor
from consortium.models import DesiredState

ALL = OpenApiParameter("all", bool, description="1: those that match already, too.")


class EffectSerializer(serializers.ModelSerializer[DesiredState]):
    """One desired state. Not what it wants: that is on the record it belongs to."""

    state = serializers.CharField(read_only=True)

    class Meta:
        model = DesiredState
        fields = (
            "id",
            "kind",
            "key",
            "state",
            "generation",
            "applied_generation",
            "attempts",
            "next_at",
            "lease_owner",
            "lease_until",
            "error",
            "changed_at",
        )
        read_only_fields = fields


@extend_schema_view(
    list=extend_schema(summary="List what other systems still have to match", parameters=[ALL]),
    retrieve=extend_schema(summary="Read one"),
)
class EffectViewSet(viewsets.ReadOnlyModelViewSet[DesiredState]):
    """Unsettled ones, the next to be tried first."""

    queryset = DesiredState.objects.none()
    serializer_class = EffectSerializer

    def get_queryset(self) -> QuerySet[DesiredState]:
        rows = DesiredState.objects.order_by("next_at", "pk")
        narrow = self.action == "list" and self.request.query_params.get("all") != "1"
        return rows.unsettled() if narrow else rows

    @extend_schema(summary="Try it again now", request=None, responses=EffectSerializer)
    @action(detail=True, methods=["post"])
    def retry(self, request: Request, **_kwargs: Any) -> Response:
        row = desired.retry_now(self.get_object(), by=actor(request))
        return Response(self.get_serializer(row).data)
