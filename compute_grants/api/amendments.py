"""Requests to change a grant over the API: ask, hand in, take up, decide, withdraw."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from compute_grants.actions import amendments as actions
from compute_grants.api.inputs import valid_input
from compute_grants.models import Allocation, Amendment
from compute_grants.queries import amendments as queries
from consortium.api.serializers import StrictSerializer
from consortium.http import actor


class AmendmentSerializer(serializers.ModelSerializer[Amendment]):
    """seconds are in the unit of `grant`; receives_seconds in that of `other`."""

    grant = serializers.CharField(source="allocation.number", read_only=True)
    other = serializers.CharField(source="other.number", read_only=True, default=None)
    against = serializers.CharField(source="against.number", read_only=True, default=None)

    class Meta:
        model = Amendment
        fields = (
            *("number", "kind", "grant", "state", "reason", "seconds", "ends_on", "other"),
            *("against", "gives_seconds", "receives_seconds", "quoted_on", "round"),
            *("submitted_at", "due_on", "decided_at", "decision_reason"),
        )
        read_only_fields = fields


class WishSerializer(StrictSerializer):
    reason = serializers.CharField(max_length=4000)
    seconds = serializers.IntegerField(
        required=False, default=None, min_value=-(2**62), max_value=2**62
    )
    ends_on = serializers.DateField(required=False, default=None)
    other = serializers.SlugField(max_length=20, required=False, default="")
    against = serializers.SlugField(max_length=20, required=False, default="")


class AskSerializer(WishSerializer):
    grant = serializers.SlugField(max_length=20)
    kind = serializers.ChoiceField(choices=Amendment.Kind.choices)


class DecideSerializer(StrictSerializer):
    approve = serializers.BooleanField()
    reason = serializers.CharField(max_length=4000)


@extend_schema_view(
    list=extend_schema(
        summary="List the requests to change grants that you may see",
        parameters=[
            OpenApiParameter("kind", enum=Amendment.Kind.values),
            OpenApiParameter("state", enum=Amendment.State.values),
            OpenApiParameter("whose", enum=queries.WHOSE),
        ],
    ),
    retrieve=extend_schema(summary="Read one request to change a grant"),
)
class AmendmentViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Amendment]
):
    queryset = Amendment.objects.none()
    serializer_class = AmendmentSerializer
    lookup_field = "number"
    lookup_value_regex = r"[\w-]+"

    def get_queryset(self) -> QuerySet[Amendment]:
        given = self.request.query_params if self.action == "list" else {}
        narrowed = {name: given.get(name, "") for name in ("kind", "state", "whose")}
        return queries.listed(actor(self.request), **narrowed)

    @extend_schema(
        summary="Draft a request to change a grant",
        request=AskSerializer,
        responses={201: AmendmentSerializer},
    )
    def create(self, request: Request) -> Response:
        data = valid_input(AskSerializer, request)
        grant = get_object_or_404(self._grants(), number=data["grant"])
        row = actions.ask(grant, kind=data["kind"], wish=self._wish(data), by=actor(request))
        return self._shown(row, status=201)

    def _grants(self) -> QuerySet[Allocation]:
        return Allocation.objects.visible_to(actor(self.request)).shown()

    def _wish(self, data: dict[str, Any]) -> actions.Wish:
        other, against = data["other"], data["against"]
        return actions.Wish(
            reason=data["reason"],
            seconds=data["seconds"],
            ends_on=data["ends_on"],
            other=get_object_or_404(self._grants(), number=other) if other else None,
            against=get_object_or_404(self.get_queryset(), number=against) if against else None,
        )

    @extend_schema(summary="Correct a drafted request", request=WishSerializer)
    @action(detail=True, methods=["post"])
    def revise(self, request: Request, **_kwargs: Any) -> Response:
        wish = self._wish(valid_input(WishSerializer, request))
        return self._shown(actions.revise(self.get_object(), wish=wish, by=actor(request)))

    @extend_schema(summary="Hand a drafted request in", request=None)
    @action(detail=True, methods=["post"])
    def submit(self, request: Request, **_kwargs: Any) -> Response:
        return self._shown(actions.submit(self.get_object(), by=actor(request)))

    @extend_schema(summary="Take a request up", request=None)
    @action(detail=True, methods=["post"], url_path="take-up")
    def take_up(self, request: Request, **_kwargs: Any) -> Response:
        return self._shown(actions.take_up(self.get_object(), by=actor(request)))

    @extend_schema(summary="Give one's word on a request", request=DecideSerializer)
    @action(detail=True, methods=["post"])
    def decide(self, request: Request, **_kwargs: Any) -> Response:
        data = valid_input(DecideSerializer, request)
        return self._shown(actions.decide(self.get_object(), **data, by=actor(request)))

    @extend_schema(summary="Withdraw a request", request=None)
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, **_kwargs: Any) -> Response:
        return self._shown(actions.withdraw(self.get_object(), by=actor(request)))

    def _shown(self, row: Amendment, status: int = 200) -> Response:
        found = Amendment.objects.shown().get(pk=row.pk)
        return Response(self.get_serializer(found).data, status=status)
