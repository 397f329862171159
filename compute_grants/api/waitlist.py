"""Waitlists over the API."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from compute_grants.actions import waitlist as actions
from compute_grants.api.inputs import CODE, valid_input
from compute_grants.models import WaitlistPlace
from compute_grants.queries.waitlist import positions
from consortium.api.serializers import StrictSerializer
from consortium.http import actor


class PlaceSerializer(serializers.ModelSerializer[WaitlistPlace]):
    """position: from 1, among those who wait under the same call."""

    proposal = serializers.CharField(source="proposal.number", read_only=True)
    call = serializers.CharField(source="call.code", read_only=True)
    position = serializers.SerializerMethodField()

    class Meta:
        model = WaitlistPlace
        fields = ("proposal", "call", "position", "least_percent", "since")
        read_only_fields = fields

    def get_position(self, row: WaitlistPlace) -> int:
        known: dict[int, tuple[int, int]] = self.context["positions"]
        return known[row.proposal_id][0]


class LeastInput(StrictSerializer):
    percent = serializers.IntegerField(min_value=1, max_value=100)


class WaitlistViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[WaitlistPlace]
):
    """Places of the proposals one may see; those of one's own side only as their lead."""

    queryset = WaitlistPlace.objects.none()
    serializer_class = PlaceSerializer
    lookup_field = "proposal__number"
    lookup_url_kwarg = "number"
    lookup_value_regex = CODE

    def get_queryset(self) -> QuerySet[WaitlistPlace]:
        visible = WaitlistPlace.objects.visible_to(actor(self.request)).waiting()
        return visible.select_related("proposal", "call").order_by("pk")

    def get_serializer_context(self) -> dict[str, Any]:
        context: dict[str, Any] = dict(super().get_serializer_context())
        calls = self.get_queryset().order_by().values_list("call", flat=True).distinct()
        context["positions"] = positions(calls)
        return context

    @extend_schema(request=LeastInput, responses=PlaceSerializer)
    @action(detail=True, methods=["post"], url_path="set-least", url_name="set-least")
    def set_least(self, request: Request, **_kwargs: Any) -> Response:
        """Say the least share of what is asked and feasible that still makes sense."""
        data = valid_input(LeastInput, request)
        place = actions.set_least(self.get_object(), **data, by=actor(request))
        return Response(self.get_serializer(place).data)
