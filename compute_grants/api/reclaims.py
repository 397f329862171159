"""Use it or lose it over the API."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from compute_grants.actions import reclaims as actions
from compute_grants.api.inputs import valid_input
from compute_grants.models import Reclaim
from compute_grants.policies import reclaims as policy
from compute_grants.queries import reclaims as queries
from consortium.api.serializers import StrictSerializer
from consortium.http import actor


class ReclaimSerializer(serializers.ModelSerializer[Reclaim]):
    """Amounts are seconds in the unit of `grant`, as they were when it was planned."""

    grant = serializers.CharField(source="allocation.number", read_only=True)
    machine = serializers.CharField(source="allocation.resource.machine.code", read_only=True)

    class Meta:
        model = Reclaim
        fields = (
            *("number", "grant", "machine", "state", "by_day", "below_percent", "take_percent"),
            *("used_seconds", "granted_seconds", "seconds", "taken_seconds", "noticed_at"),
            *("due_on", "ask_until", "exemption_reason", "decision_reason", "over_at"),
        )
        read_only_fields = fields


class NumbersSerializer(StrictSerializer):
    numbers = serializers.ListField(
        child=serializers.CharField(max_length=20), min_length=1, max_length=500
    )


class WhySerializer(StrictSerializer):
    reason = serializers.CharField(max_length=4000)


class DecideExemptionSerializer(WhySerializer):
    approve = serializers.BooleanField()


@extend_schema_view(
    list=extend_schema(
        summary="List what use it or lose it takes from the grants you may see",
        parameters=[OpenApiParameter("state", enum=Reclaim.State.values)],
    ),
    retrieve=extend_schema(summary="Read one taking back"),
)
class ReclaimViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Reclaim]
):
    queryset = Reclaim.objects.none()
    serializer_class = ReclaimSerializer
    lookup_field = "number"
    lookup_value_regex = r"[\w-]+"

    def get_queryset(self) -> QuerySet[Reclaim]:
        state = self.request.query_params.get("state", "") if self.action == "list" else ""
        return queries.listed(actor(self.request), state)

    @extend_schema(
        summary="Read what the rule would take today, and why; nothing is written",
        responses=OpenApiTypes.OBJECT,
    )
    @action(detail=False, methods=["get"], url_path="dry-run", pagination_class=None)
    def dry_run(self, request: Request) -> Response:
        policy.can_run(actor(request)).require()
        return Response(
            [
                {
                    "grant": row.allocation.number,
                    "by_day": row.verdict.rung.by_day,
                    "used_seconds": row.standing.used,
                    "granted_seconds": row.standing.granted,
                    "seconds": row.verdict.seconds,
                    "due_on": row.verdict.due_on,
                    "why": row.why,
                }
                for row in queries.dry_run()
            ]
        )

    @extend_schema(
        summary="Write down what the rule takes today; nobody is told yet",
        request=None,
        responses=ReclaimSerializer(many=True),
    )
    @action(detail=False, methods=["post"], pagination_class=None)
    def plan(self, request: Request) -> Response:
        made = actions.plan(by=actor(request))
        rows = Reclaim.objects.shown().filter(pk__in=[row.pk for row in made]).order_by("pk")
        return Response(ReclaimSerializer(rows, many=True).data, status=201)

    @extend_schema(
        summary="Give notice of some", request=NumbersSerializer, responses=OpenApiTypes.OBJECT
    )
    @action(detail=False, methods=["post"], pagination_class=None)
    def notice(self, request: Request) -> Response:
        chosen = self._chosen(request, queries.to_notice())
        return _receipt(actions.give_notices(chosen, by=actor(request)))

    @extend_schema(
        summary="Take some back to their calls",
        request=NumbersSerializer,
        responses=OpenApiTypes.OBJECT,
    )
    @action(detail=False, methods=["post"], pagination_class=None)
    def apply(self, request: Request) -> Response:
        chosen = self._chosen(request, queries.ripe())
        return _receipt(actions.apply_all(chosen, by=actor(request)))

    @extend_schema(summary="Ask for an exemption", request=WhySerializer)
    @action(detail=True, methods=["post"])
    def ask(self, request: Request, **_kwargs: Any) -> Response:
        data = valid_input(WhySerializer, request)
        return self._shown(actions.ask_exemption(self.get_object(), **data, by=actor(request)))

    @extend_schema(summary="Decide on an exemption", request=DecideExemptionSerializer)
    @action(detail=True, methods=["post"])
    def decide(self, request: Request, **_kwargs: Any) -> Response:
        data = valid_input(DecideExemptionSerializer, request)
        return self._shown(actions.decide_exemption(self.get_object(), **data, by=actor(request)))

    @extend_schema(summary="Call a taking back off", request=WhySerializer)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, **_kwargs: Any) -> Response:
        data = valid_input(WhySerializer, request)
        return self._shown(actions.cancel(self.get_object(), **data, by=actor(request)))

    @staticmethod
    def _chosen(request: Request, rows: QuerySet[Reclaim]) -> list[Reclaim]:
        return queries.chosen(rows, valid_input(NumbersSerializer, request)["numbers"])

    def _shown(self, row: Reclaim) -> Response:
        return Response(self.get_serializer(Reclaim.objects.shown().get(pk=row.pk)).data)


def _receipt(outcomes: Iterable[actions.Outcome]) -> Response:
    return Response(
        [
            {
                "number": done.reclaim.number,
                "state": done.reclaim.state,
                "taken_seconds": done.reclaim.taken_seconds,
                "refusal": done.refusal,
            }
            for done in outcomes
        ]
    )
