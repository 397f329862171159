"""Planned stops of machines over the API."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from compute_grants.actions import maintenance as actions
from compute_grants.api.inputs import valid_input
from compute_grants.models import Machine, MaintenanceWindow
from consortium.api.serializers import StrictSerializer
from consortium.http import actor

TIMES = ("starts_at", "ends_at", "note_en", "note_zh")
MACHINE = OpenApiParameter("machine", str, description="Only those of the machine of this code.")


class MaintenanceSerializer(serializers.ModelSerializer[MaintenanceWindow]):
    machine = serializers.CharField(source="machine.code", read_only=True)

    class Meta:
        model = MaintenanceWindow
        fields = ("id", "machine", "state", *TIMES, "ended_at")
        read_only_fields = fields


class MaintenanceChange(StrictSerializer):
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    note_en = serializers.CharField(max_length=300)
    note_zh = serializers.CharField(max_length=300)


class MaintenanceInput(MaintenanceChange):
    machine = serializers.SlugField(max_length=32)


@extend_schema_view(
    list=extend_schema(summary="List planned stops of machines", parameters=[MACHINE]),
    retrieve=extend_schema(summary="Read one planned stop"),
)
class MaintenanceWindowViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[MaintenanceWindow]
):
    queryset = MaintenanceWindow.objects.none()
    serializer_class = MaintenanceSerializer
    lookup_value_regex = r"[0-9]{1,18}"

    def get_queryset(self) -> QuerySet[MaintenanceWindow]:
        rows = MaintenanceWindow.objects.visible_to(self.request.user).select_related(
            "machine__centre"
        )
        if code := self.request.query_params.get("machine", ""):
            rows = rows.filter(machine__code=code)
        return rows.order_by("-starts_at", "-pk")

    @extend_schema(
        summary="Plan a stop of a machine",
        request=MaintenanceInput,
        responses={201: MaintenanceSerializer},
    )
    def create(self, request: Request) -> Response:
        data = valid_input(MaintenanceInput, request)
        visible = Machine.objects.visible_to(request.user)
        machine = get_object_or_404(visible, code=data.pop("machine"))
        window = actions.plan(machine, **data, by=actor(request))
        return Response(self.get_serializer(window).data, status=status.HTTP_201_CREATED)

    @extend_schema(summary="Move a stop, or reword it", request=MaintenanceChange)
    def partial_update(self, request: Request, **_kwargs: Any) -> Response:
        window = self.get_object()
        stored = {name: getattr(window, name) for name in TIMES}
        data = stored | valid_input(MaintenanceChange, request, partial=True)
        changed = actions.change(window, **data, by=actor(request))
        return Response(self.get_serializer(changed).data)

    @extend_schema(summary="Call off a stop that has not begun", request=None)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, **_kwargs: Any) -> Response:
        window = actions.cancel(self.get_object(), by=actor(request))
        return Response(self.get_serializer(window).data)

    @extend_schema(summary="End a stop before its time", request=None)
    @action(detail=True, methods=["post"])
    def finish(self, request: Request, **_kwargs: Any) -> Response:
        window = actions.finish(self.get_object(), by=actor(request))
        return Response(self.get_serializer(window).data)
