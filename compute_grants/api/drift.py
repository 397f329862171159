"""Differences between machines and grants over the API."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from compute_grants.actions import drift as actions
from compute_grants.models import Drift
from compute_grants.queries import drift as queries
from consortium.http import actor


class DriftSerializer(serializers.ModelSerializer[Drift]):
    machine = serializers.CharField(source="machine.code", read_only=True)
    allocation = serializers.CharField(source="allocation.number", read_only=True)

    class Meta:
        model = Drift
        fields = (
            *("id", "machine", "allocation", "account", "aspect", "subject", "expected", "found"),
            *("repairable", "state", "found_at", "gone_at"),
        )
        read_only_fields = fields


PARAMETERS = [
    OpenApiParameter("machine", str, description="Only those of the machine of this code"),
    OpenApiParameter("gone", bool, description="1: those that are gone instead"),
]


@extend_schema_view(
    list=extend_schema(summary="List where machines differ from grants", parameters=PARAMETERS),
    retrieve=extend_schema(summary="Read one difference"),
)
class DriftViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Drift]
):
    queryset = Drift.objects.none()
    serializer_class = DriftSerializer
    lookup_value_regex = r"[0-9]{1,18}"

    def get_queryset(self) -> QuerySet[Drift]:
        user = actor(self.request)
        if self.action != "list":
            return Drift.objects.visible_to(user).select_related("machine", "allocation")
        given = self.request.query_params
        return queries.listed(user, given.get("machine", ""), gone=given.get("gone") == "1")

    @extend_schema(summary="Bring its account back", request=None)
    @action(detail=True, methods=["post"])
    def repair(self, request: Request, **_kwargs: Any) -> Response:
        repaired = actions.repair(self.get_object(), by=actor(request))
        return Response(self.get_serializer(repaired).data)
