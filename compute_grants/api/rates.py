"""Exchange rates and charging rules over the API. Both are dated and never changed."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from compute_grants.actions import rates as actions
from compute_grants.api.inputs import ResourceNamed, resource_of, valid_input
from compute_grants.models import ChargingRule, ExchangeRate, Machine
from consortium.api.serializers import StrictSerializer
from consortium.http import actor

MACHINE = OpenApiParameter("machine", str, description="Only those of the machine of this code.")
HOLDS = OpenApiParameter("holds", bool, description="1: only those in force today.")


class RateSerializer(serializers.ModelSerializer[ExchangeRate]):
    """parts_per_million: millionths of a credit for one hour."""

    machine = serializers.CharField(source="resource.machine.code", read_only=True)
    tres = serializers.CharField(source="resource.tres", read_only=True)

    class Meta:
        model = ExchangeRate
        fields = ("id", "machine", "tres", "since", "until", "parts_per_million", "reason")
        read_only_fields = fields


class RateInput(ResourceNamed):
    since = serializers.DateField()
    until = serializers.DateField(required=False, allow_null=True, default=None)
    parts_per_million = serializers.IntegerField(min_value=1, max_value=10**12)
    reason = serializers.CharField(max_length=300)


class EndRateInput(StrictSerializer):
    until = serializers.DateField()


@extend_schema_view(
    list=extend_schema(summary="List exchange rates", parameters=[MACHINE, HOLDS]),
    retrieve=extend_schema(summary="Read one exchange rate"),
)
class ExchangeRateViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[ExchangeRate]
):
    queryset = ExchangeRate.objects.none()
    serializer_class = RateSerializer
    lookup_value_regex = r"[0-9]{1,18}"

    def get_queryset(self) -> QuerySet[ExchangeRate]:
        visible = Machine.objects.visible_to(self.request.user)
        rows = ExchangeRate.objects.filter(resource__machine__in=visible)
        asked = self.request.query_params
        if code := asked.get("machine", ""):
            rows = rows.filter(resource__machine__code=code)
        if asked.get("holds") in {"1", "true"}:
            today = timezone.localdate()
            open_ended = Q(until__isnull=True) | Q(until__gte=today)
            rows = rows.filter(open_ended, since__lte=today)
        return rows.select_related("resource__machine").order_by("-since", "-pk")

    @extend_schema(summary="Publish a rate", request=RateInput, responses={201: RateSerializer})
    def create(self, request: Request) -> Response:
        data = valid_input(RateInput, request)
        resource = resource_of(data, request.user)
        rate = actions.set_rate(resource, **data, by=actor(request))
        return Response(self.get_serializer(rate).data, status=status.HTTP_201_CREATED)

    @extend_schema(summary="Let a rate end", request=EndRateInput)
    @action(detail=True, methods=["post"])
    def end(self, request: Request, **_kwargs: Any) -> Response:
        data = valid_input(EndRateInput, request)
        rate = actions.end_rate(self.get_object(), **data, by=actor(request))
        return Response(self.get_serializer(rate).data)


class ChargingSerializer(serializers.ModelSerializer[ChargingRule]):
    machine = serializers.CharField(source="resource.machine.code", read_only=True)
    tres = serializers.CharField(source="resource.tres", read_only=True)

    class Meta:
        model = ChargingRule
        fields = ("id", "machine", "tres", "since", "cores_per_card", "memory_bytes_per_unit")
        read_only_fields = fields


class ChargingInput(ResourceNamed):
    since = serializers.DateField()
    cores_per_card = serializers.IntegerField(
        min_value=1, max_value=10**6, allow_null=True, default=None
    )
    memory_bytes_per_unit = serializers.IntegerField(
        min_value=1, max_value=10**16, allow_null=True, default=None
    )


@extend_schema_view(
    list=extend_schema(summary="List charging rules", parameters=[MACHINE]),
    retrieve=extend_schema(summary="Read one charging rule"),
)
class ChargingRuleViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[ChargingRule]
):
    queryset = ChargingRule.objects.none()
    serializer_class = ChargingSerializer
    lookup_value_regex = r"[0-9]{1,18}"

    def get_queryset(self) -> QuerySet[ChargingRule]:
        visible = Machine.objects.visible_to(self.request.user)
        rows = ChargingRule.objects.filter(resource__machine__in=visible)
        if code := self.request.query_params.get("machine", ""):
            rows = rows.filter(resource__machine__code=code)
        return rows.select_related("resource__machine").order_by("-since", "-pk")

    @extend_schema(
        summary="State how a resource charges from a day on",
        request=ChargingInput,
        responses={201: ChargingSerializer},
    )
    def create(self, request: Request) -> Response:
        data = valid_input(ChargingInput, request)
        resource = resource_of(data, request.user)
        rule = actions.state_charging(resource, **data, by=actor(request))
        return Response(self.get_serializer(rule).data, status=status.HTTP_201_CREATED)
