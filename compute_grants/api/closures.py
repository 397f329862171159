"""The closing of grants over the API."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from compute_grants.actions import closures as actions
from compute_grants.api.inputs import valid_input
from compute_grants.models import Allocation, Closure
from compute_grants.queries import closures as queries
from consortium.api.serializers import StrictSerializer
from consortium.http import actor

MOST_AT_ONCE = 200


class ClosureSerializer(serializers.ModelSerializer[Closure]):
    """content: the closing statement; content_hash: sha256 of its canonical JSON."""

    grant = serializers.CharField(source="allocation.number", read_only=True)

    class Meta:
        model = Closure
        fields = (
            *("grant", "returned_seconds", "expired_seconds", "content", "content_hash"),
            "closed_at",
        )
        read_only_fields = fields


class ChecklistItemSerializer(StrictSerializer):
    rule = serializers.CharField(source="label")
    done = serializers.BooleanField()
    missing = serializers.CharField()


class ChecklistSerializer(StrictSerializer):
    grant = serializers.CharField(source="allocation.number")
    ready = serializers.BooleanField()
    items = ChecklistItemSerializer(many=True)


class CloseInput(StrictSerializer):
    grant = serializers.SlugField(max_length=20)


class BulkCloseInput(StrictSerializer):
    grants = serializers.ListField(
        child=serializers.SlugField(max_length=20), min_length=1, max_length=MOST_AT_ONCE
    )


class OutcomeSerializer(StrictSerializer):
    """reason: why it was not closed."""

    number = serializers.CharField()
    closed = serializers.SerializerMethodField()
    reason = serializers.CharField()

    def get_closed(self, row: actions.Outcome) -> bool:
        return row.closure is not None


class EndEarlyInput(StrictSerializer):
    reason = serializers.CharField(max_length=300)
    confirm = serializers.BooleanField()


@extend_schema_view(
    list=extend_schema(summary="List the closing statements of the grants you may see"),
    retrieve=extend_schema(summary="Read the closing statement of a grant"),
)
class ClosureViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Closure]
):
    """Looked up by the grant's number."""

    queryset = Closure.objects.none()
    serializer_class = ClosureSerializer
    lookup_field = "allocation__number"
    lookup_url_kwarg = "number"
    lookup_value_regex = r"[\w-]+"

    def get_queryset(self) -> QuerySet[Closure]:
        rows = Closure.objects.visible_to(actor(self.request))
        return rows.select_related("allocation").order_by("-pk")

    def _grant(self, number: str) -> Allocation:
        rows = Allocation.objects.visible_to(actor(self.request)).shown()
        return get_object_or_404(rows, number=number)

    @extend_schema(
        summary="Close the books of a grant",
        request=CloseInput,
        responses={201: ClosureSerializer},
    )
    def create(self, request: Request) -> Response:
        data = valid_input(CloseInput, request)
        closure = actions.close_books(self._grant(data["grant"]), by=actor(request))
        return Response(self.get_serializer(closure).data, status=status.HTTP_201_CREATED)

    @extend_schema(
        summary="Close the books of several grants, each by itself",
        request=BulkCloseInput,
        responses=OutcomeSerializer(many=True),
    )
    @action(detail=False, methods=["post"], pagination_class=None)
    def bulk(self, request: Request) -> Response:
        data = valid_input(BulkCloseInput, request)
        grants = [self._grant(number) for number in dict.fromkeys(data["grants"])]
        outcomes = actions.close_many(grants, by=actor(request))
        return Response(OutcomeSerializer(outcomes, many=True).data)

    @extend_schema(
        summary="Read what a grant lacks before its books are closed",
        responses=ChecklistSerializer,
    )
    @action(detail=True, methods=["get"], pagination_class=None)
    def checklist(self, _request: Request, number: str, **_kwargs: Any) -> Response:
        return Response(ChecklistSerializer(queries.checklist(self._grant(number))).data)

    @extend_schema(
        summary="End a grant before its last day", request=EndEarlyInput, responses={204: None}
    )
    @action(detail=True, methods=["post"], url_path="end-early")
    def end_early(self, request: Request, number: str, **_kwargs: Any) -> Response:
        data = valid_input(EndEarlyInput, request)
        actions.end_early(self._grant(number), **data, by=actor(request))
        return Response(status=status.HTTP_204_NO_CONTENT)
