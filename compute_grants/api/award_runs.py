"""Runs of the award optimiser over the API."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from compute_grants.actions import award_runs as actions
from compute_grants.actions.award_adoption import Terms, adopt
from compute_grants.actions.award_inputs import Parameters
from compute_grants.api.inputs import valid_input
from compute_grants.models import AwardRun, Call
from compute_grants.queries import award_runs as queries
from consortium.api.serializers import StrictSerializer
from consortium.http import actor


class AwardRunSerializer(serializers.ModelSerializer[AwardRun]):
    """gap: of the merit, 0 to 1. inputs_sha256: of the problem that was solved."""

    call = serializers.CharField(source="call.code", read_only=True)
    round = serializers.IntegerField(source="round.position", default=None, read_only=True)

    class Meta:
        model = AwardRun
        fields = (
            *(
                "id",
                "call",
                "round",
                "title",
                "based_on",
                "parameters",
                "inputs_sha256",
                "seed",
                "state",
            ),
            *("phase", "gap", "elapsed_seconds", "solver", "failure", "stop_asked"),
            *("started_by", "queued_at", "ended_at"),
        )
        read_only_fields = fields


class AwardRunInput(StrictSerializer):
    """What is left out has the figure of the form. budgets: seconds by resource id.

    round: the position of the one whose proposals compete, by default that which closed last.
    """

    call = serializers.CharField(max_length=16)
    title = serializers.CharField(max_length=120, default="", allow_blank=True)
    round = serializers.IntegerField(min_value=1, required=False)
    based_on = serializers.IntegerField(required=False)
    merit = serializers.ChoiceField(choices=["raw", "adjusted"], required=False)
    weigh = serializers.ChoiceField(choices=["each", "size"], required=False)
    alpha = serializers.FloatField(required=False)
    beta = serializers.FloatField(required=False)
    min_share_percent = serializers.IntegerField(required=False)
    min_machine_percent = serializers.IntegerField(required=False)
    max_machines = serializers.IntegerField(required=False)
    min_merit = serializers.FloatField(required=False)
    cap_percent = serializers.IntegerField(required=False)
    give_up_percent = serializers.FloatField(required=False)
    seed = serializers.IntegerField(required=False)
    limit_seconds = serializers.IntegerField(required=False)
    floors = serializers.DictField(child=serializers.IntegerField(), required=False)
    budgets = serializers.DictField(
        child=serializers.IntegerField(max_value=10**16), required=False
    )


class AdoptInput(StrictSerializer):
    """declined: what becomes of proposals without time; left out, they stay undecided."""

    starts_on = serializers.DateField()
    ends_on = serializers.DateField()
    award_reason = serializers.CharField(max_length=4000)
    decline_reason = serializers.CharField(max_length=4000, default="", allow_blank=True)
    declined = serializers.ChoiceField(
        choices=["waitlisted", "rejected"], default="", allow_blank=True
    )


class AdoptedSerializer(serializers.Serializer[Any]):
    set = serializers.CharField(source="number")


class AwardRunLineSerializer(serializers.Serializer[Any]):
    machine = serializers.CharField(source="resource.machine.code")
    tres = serializers.CharField(source="resource.tres")
    asked_seconds = serializers.IntegerField(source="asked")
    feasible_seconds = serializers.IntegerField(source="cap")
    awarded_seconds = serializers.IntegerField(source="awarded")


class ResultRowSerializer(serializers.Serializer[Any]):
    """A masked row is of the reader's own side: its number and nothing else."""

    number = serializers.CharField()
    outcome = serializers.CharField()
    rank = serializers.IntegerField()
    merit = serializers.FloatField()
    lines = AwardRunLineSerializer(many=True)
    reasons = serializers.ListField(child=serializers.CharField())


class UseSerializer(serializers.Serializer[Any]):
    machine = serializers.CharField(source="resource.machine.code")
    tres = serializers.CharField(source="resource.tres")
    capacity_seconds = serializers.IntegerField(source="capacity")
    awarded_seconds = serializers.IntegerField(source="awarded")


class ResultSerializer(serializers.Serializer[Any]):
    masked = serializers.BooleanField()
    rows = ResultRowSerializer(many=True)
    uses = UseSerializer(many=True)


class RowChangeSerializer(serializers.Serializer[Any]):
    first = ResultRowSerializer()
    second = ResultRowSerializer()


class AwardRunViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[AwardRun]
):
    """Runs of calls whose panel one sits on; the R&D office reads all."""

    queryset = AwardRun.objects.none()
    serializer_class = AwardRunSerializer
    lookup_value_regex = r"[0-9]{1,18}"

    def get_queryset(self) -> QuerySet[AwardRun]:
        rows = AwardRun.objects.visible_to(actor(self.request)).select_related("call", "round")
        return (rows.defer("inputs", "result") if self.action == "list" else rows).order_by("-pk")

    @extend_schema(request=AwardRunInput, responses={201: AwardRunSerializer})
    def create(self, request: Request) -> Response:
        """Queue a run on the call as it stands."""
        data = valid_input(AwardRunInput, request)
        user = actor(request)
        call = get_object_or_404(Call.objects.visible_to(user), code=data.pop("call"))
        title, before = data.pop("title"), data.pop("based_on", None)
        position = data.pop("round", None)
        asked = None
        if position is not None:
            asked = get_object_or_404(call.rounds.all(), position=position)
        based_on = None
        if before is not None:
            based_on = get_object_or_404(AwardRun.objects.visible_to(user), pk=before, call=call)
        run = actions.start(
            call,
            parameters=Parameters(**data),
            title=title,
            call_round=asked,
            based_on=based_on,
            by=user,
        )
        return Response(self.get_serializer(run).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=None, responses=AwardRunSerializer)
    @action(detail=True, methods=["post"])
    def stop(self, request: Request, **_kwargs: Any) -> Response:
        """Stop it; what it has found by then is kept."""
        run = actions.stop(self.get_object(), by=actor(request))
        return Response(self.get_serializer(run).data)

    @extend_schema(request=AdoptInput, responses={201: AdoptedSerializer})
    @action(detail=True, methods=["post"])
    def adopt(self, request: Request, **_kwargs: Any) -> Response:
        """Put its awards into a new draft set of decisions, which two of the panel sign."""
        data = valid_input(AdoptInput, request)
        found = adopt(self.get_object(), terms=Terms(**data), by=actor(request))
        return Response(AdoptedSerializer(found).data, status=status.HTTP_201_CREATED)

    @extend_schema(responses=ResultSerializer)
    @action(detail=True, methods=["get"], pagination_class=None)
    def result(self, request: Request, **_kwargs: Any) -> Response:
        """What each proposal gets and why; nothing awarded while there is no result."""
        result = queries.Result(self.get_object(), actor(request))
        return Response(ResultSerializer(result).data)

    @extend_schema(
        parameters=[OpenApiParameter("with", OpenApiTypes.INT, required=True)],
        responses=RowChangeSerializer(many=True),
    )
    @action(detail=True, methods=["get"], pagination_class=None)
    def compare(self, request: Request, **_kwargs: Any) -> Response:
        """Proposals that this run and another of the same call treat differently."""
        first = self.get_object()
        given = request.query_params.get("with", "")
        other = self.get_queryset().filter(call=first.call)
        second = get_object_or_404(other, pk=int(given[:18]) if given.isdecimal() else 0)
        pair = queries.Comparison(first, second, actor(request))
        return Response(RowChangeSerializer(pair.rows, many=True).data)
