"""A running grant over the API: parts of its award, stages, alerts, overuse."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from compute_grants.actions import alerts, release_schedule, stages
from compute_grants.api.inputs import valid_input
from compute_grants.models import Allocation, Tranche, UsageRecord
from compute_grants.queries import grant_life as queries
from compute_grants.queries import grant_usage
from compute_grants.queries.allocations import burn_down
from compute_grants.queries.queue import WaitingRow
from consortium.api.serializers import StrictSerializer
from consortium.http import actor

if TYPE_CHECKING:
    from rest_framework.viewsets import GenericViewSet

    Base = GenericViewSet[Allocation]
else:
    Base = object


class AlertsSerializer(StrictSerializer):
    percents = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=200), max_length=10
    )
    runs_out = serializers.BooleanField()
    idle_days = serializers.IntegerField(min_value=0, max_value=365)


class ListenSerializer(StrictSerializer):
    on = serializers.BooleanField()


class StagesSerializer(StrictSerializer):
    percents = serializers.DictField(
        child=serializers.IntegerField(min_value=0, max_value=100),
        help_text=f"By stage: {', '.join(UsageRecord.Stage.values)}; 100 in all.",
    )


class PartSerializer(StrictSerializer):
    position = serializers.IntegerField(min_value=1, max_value=1000)
    reason = serializers.CharField(max_length=300)


class WaitingSerializer(serializers.Serializer[WaitingRow]):
    """reason: the scheduler's word; text: what it means, empty where the portal cannot say."""

    job_id = serializers.CharField()
    user = serializers.CharField()
    submitted_at = serializers.DateTimeField()
    reason = serializers.CharField()
    text = serializers.CharField()


class LifeActions(Base):
    """Named actions that the viewset of grants has besides its own."""

    @extend_schema(
        summary="Read a grant's release schedule, stages, alerts and overuse",
        responses=OpenApiTypes.OBJECT,
    )
    @action(detail=True, methods=["get"], pagination_class=None)
    def life(self, _request: Request, **_kwargs: Any) -> Response:
        return Response(self._life())

    @extend_schema(
        summary="List a grant's jobs that wait on the machine, with the reason",
        responses=WaitingSerializer(many=True),
    )
    @action(detail=True, methods=["get"], pagination_class=None)
    def queue(self, _request: Request, **_kwargs: Any) -> Response:
        grant = queries.with_life(self.get_queryset()).get(pk=self.get_object().pk)
        found = queries.life(grant).queue
        jobs = found.jobs if found else []
        return Response([WaitingSerializer(job).data for job in jobs])

    @extend_schema(
        summary="Set a grant's alerts", request=AlertsSerializer, responses=OpenApiTypes.OBJECT
    )
    @action(detail=True, methods=["post"], url_path="set-alerts")
    def set_alerts(self, request: Request, **_kwargs: Any) -> Response:
        data = valid_input(AlertsSerializer, request)
        alerts.set_alerts(self.get_object(), **data, by=actor(request))
        return Response(self._life())

    @extend_schema(
        summary="Be told of a grant's alerts, or no longer",
        request=ListenSerializer,
        responses=OpenApiTypes.OBJECT,
    )
    @action(detail=True, methods=["post"])
    def listen(self, request: Request, **_kwargs: Any) -> Response:
        data = valid_input(ListenSerializer, request)
        alerts.listen(self.get_object(), on=data["on"], by=actor(request))
        return Response(self._life())

    @extend_schema(
        summary="Plan the stages of a grant's use",
        request=StagesSerializer,
        responses=OpenApiTypes.OBJECT,
    )
    @action(detail=True, methods=["post"], url_path="plan-stages")
    def plan_stages(self, request: Request, **_kwargs: Any) -> Response:
        data = valid_input(StagesSerializer, request)
        stages.plan(self.get_object(), percents=data["percents"], by=actor(request))
        return Response(self._life())

    @extend_schema(
        summary="Release a planned part of an award",
        request=PartSerializer,
        responses=OpenApiTypes.OBJECT,
    )
    @action(detail=True, methods=["post"], url_path="release-part")
    def release_part(self, request: Request, **_kwargs: Any) -> Response:
        part, reason = self._part(request)
        release_schedule.release(part, reason=reason, by=actor(request))
        return Response(self._life())

    @extend_schema(
        summary="Give a planned part of an award back to the call",
        request=PartSerializer,
        responses=OpenApiTypes.OBJECT,
    )
    @action(detail=True, methods=["post"], url_path="withhold-part")
    def withhold_part(self, request: Request, **_kwargs: Any) -> Response:
        part, reason = self._part(request)
        release_schedule.withhold(part, reason=reason, by=actor(request))
        return Response(self._life())

    def _part(self, request: Request) -> tuple[Tranche, str]:
        data = valid_input(PartSerializer, request)
        rows = self.get_object().tranches.select_related("allocation")
        return get_object_or_404(rows, position=data["position"]), data["reason"]

    def _life(self) -> dict[str, Any]:
        rows = queries.with_life(self.get_queryset())
        grant = get_object_or_404(rows, number=self.kwargs["number"])
        found = queries.life(grant)
        groups = grant_usage.usage_groups(grant)
        burn = burn_down(grant, groups=groups)
        earliest, expected, latest = burn.ends or (None, None, None)
        return {
            "number": grant.number,
            "as_of": found.as_of,
            "promised_seconds": grant.promised_seconds,
            "released_seconds": grant.seconds,
            "parts": [
                {
                    "position": part.position,
                    "seconds": part.seconds,
                    "condition": part.condition,
                    "due_on": part.due_on,
                    "state": part.state,
                    "decided_at": part.decided_at,
                }
                for part in found.parts
            ],
            "stages": [
                {
                    "stage": row.stage,
                    "planned_seconds": row.planned,
                    "used_seconds": row.seconds,
                    "runs": row.runs,
                    "energy_joules": row.joules,
                }
                for row in grant_usage.stages(grant, groups, found.plan)
            ],
            "alerts": {
                "percents": sorted(found.wanted.percents),
                "runs_out": found.wanted.runs_out,
                "idle_days": found.wanted.idle_days,
                "firing": found.firing,
            },
            "overuse": grant.overuse,
            "hours_end": {"earliest": earliest, "expected": expected, "latest": latest},
        }
