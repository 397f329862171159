"""Calls over the API."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from compute_grants.actions import calls as actions
from compute_grants.actions import panel as panel_actions
from compute_grants.api.call_terms import CallTerms, RoundSerializer, RuleSerializer
from compute_grants.api.inputs import CODE, ROUND, ResourceNamed, resource_of, valid_input
from compute_grants.models import AccessType, Call, CallBudget, Criterion, FusionStage
from compute_grants.policies import reviews as review_policy
from compute_grants.queries import panel as queries
from compute_grants.queries.rounds import rounds_of
from consortium.api.serializers import StrictSerializer
from consortium.http import actor
from consortium.models import User
from consortium.roles import Permission, has


class CriterionSerializer(serializers.ModelSerializer[Criterion]):
    class Meta:
        model = Criterion
        fields = (
            "id",
            "position",
            "name_en",
            "name_zh",
            "anchors_en",
            "anchors_zh",
            "weight_percent",
        )
        read_only_fields = fields


class BudgetSerializer(serializers.ModelSerializer[CallBudget]):
    """left: what is not awarded yet; null until the call is published."""

    machine = serializers.CharField(source="resource.machine.code", read_only=True)
    tres = serializers.CharField(source="resource.tres", read_only=True)
    left = serializers.IntegerField(source="account.available", read_only=True, default=None)

    class Meta:
        model = CallBudget
        fields = ("machine", "tres", "seconds", "left")
        read_only_fields = fields


class CallSerializer(serializers.ModelSerializer[Call]):
    """rubric_sha256: of the rubric as it was fixed; empty while the call is a draft."""

    rounds = RoundSerializer(many=True, read_only=True)
    eligibility_rules = RuleSerializer(many=True, read_only=True)
    access_types = serializers.SlugRelatedField[AccessType](
        slug_field="code", many=True, read_only=True
    )
    criteria = CriterionSerializer(many=True, read_only=True)
    budgets = BudgetSerializer(many=True, read_only=True)

    class Meta:
        model = Call
        fields = (
            "code",
            "kind",
            "stage",
            "title_en",
            "title_zh",
            "summary_en",
            "summary_zh",
            "rules_en",
            "rules_zh",
            "state",
            "opens_at",
            "closes_at",
            "rolling",
            "reviewers_per_proposal",
            *("awards_from", "awards_until", "rounds", "eligibility_rules", "access_types"),
            *("criteria", "rubric_sha256"),
            "budgets",
        )
        read_only_fields = fields


class CallInput(StrictSerializer):
    kind = serializers.ChoiceField(choices=Call.Kind.choices)
    stage = serializers.ChoiceField(choices=FusionStage.choices)
    title_en = serializers.CharField(max_length=200)
    title_zh = serializers.CharField(max_length=200)
    summary_en = serializers.CharField(max_length=20_000, allow_blank=True, default="")
    summary_zh = serializers.CharField(max_length=20_000, allow_blank=True, default="")
    rules_en = serializers.CharField(max_length=20_000, allow_blank=True, default="")
    rules_zh = serializers.CharField(max_length=20_000, allow_blank=True, default="")
    opens_at = serializers.DateTimeField()
    closes_at = serializers.DateTimeField()
    awards_from = serializers.DateField(required=False, allow_null=True, default=None)
    awards_until = serializers.DateField(required=False, allow_null=True, default=None)
    rolling = serializers.BooleanField(default=False)
    reviewers_per_proposal = serializers.IntegerField(min_value=1, max_value=9, default=2)


class LineInput(StrictSerializer):
    name_en = serializers.CharField(max_length=200)
    name_zh = serializers.CharField(max_length=200)
    weight_percent = serializers.IntegerField(min_value=1, max_value=100)
    anchors_en = serializers.CharField(max_length=4000, allow_blank=True, default="")
    anchors_zh = serializers.CharField(max_length=4000, allow_blank=True, default="")


class RubricInput(StrictSerializer):
    lines = LineInput(many=True, allow_empty=False)


class BudgetInput(ResourceNamed):
    seconds = serializers.IntegerField(min_value=0, max_value=10**16)


class PanelInput(StrictSerializer):
    panel = serializers.PrimaryKeyRelatedField(many=True, queryset=User.objects.all())


class BoardRowSerializer(serializers.Serializer[Any]):
    """A masked row is of the reader's own side: its number and nothing else."""

    number = serializers.CharField()
    masked = serializers.BooleanField()
    rank = serializers.IntegerField(allow_null=True)
    depth = serializers.ChoiceField(
        choices=AccessType.Depth.choices, source="proposal.depth", default=None
    )
    reviews = serializers.IntegerField(source="standing.reviews")
    reviewers_needed = serializers.IntegerField(source="proposal.reviewers_needed", default=None)
    mean = serializers.FloatField(source="standing.mean", allow_null=True)
    spread = serializers.FloatField(source="standing.spread", allow_null=True)
    adjusted = serializers.FloatField(source="adjusted.score", default=None)
    rank_low = serializers.IntegerField(source="adjusted.rank_low", default=None)
    rank_high = serializers.IntegerField(source="adjusted.rank_high", default=None)
    state = serializers.CharField(source="proposal.state", default=None)


class RankedSerializer(serializers.Serializer[Any]):
    ranked = serializers.IntegerField()


class CallViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, CallTerms):
    """Read calls; the R&D office prepares and runs them through named actions."""

    queryset = Call.objects.none()
    serializer_class = CallSerializer
    lookup_field = "code"
    lookup_value_regex = CODE

    def get_queryset(self) -> QuerySet[Call]:
        visible = Call.objects.visible_to(self.request.user)
        related = (
            *("criteria", "budgets__resource__machine", "budgets__account"),
            *("rounds", "eligibility_rules", "access_types"),
        )
        return visible.prefetch_related(*related).order_by("-pk")

    def _answer(self, call: Call, code: int = status.HTTP_200_OK) -> Response:
        fresh = self.get_queryset().get(pk=call.pk)
        return Response(self.get_serializer(fresh).data, status=code)

    @extend_schema(request=CallInput, responses={201: CallSerializer})
    def create(self, request: Request) -> Response:
        call = actions.create(**valid_input(CallInput, request), by=actor(request))
        return self._answer(call, status.HTTP_201_CREATED)

    @extend_schema(request=CallInput, responses=CallSerializer)
    def partial_update(self, request: Request, **_kwargs: Any) -> Response:
        call = self.get_object()
        data = valid_input(CallInput, request, partial=True)
        return self._answer(actions.edit(call, **data, by=actor(request)))

    @extend_schema(request=RubricInput, responses=CallSerializer)
    @action(detail=True, methods=["post"])
    def rubric(self, request: Request, **_kwargs: Any) -> Response:
        call = self.get_object()
        lines = [actions.Line(**line) for line in valid_input(RubricInput, request)["lines"]]
        return self._answer(actions.set_rubric(call, lines=lines, by=actor(request)))

    @extend_schema(request=BudgetInput, responses=CallSerializer)
    @action(detail=True, methods=["post"])
    def budget(self, request: Request, **_kwargs: Any) -> Response:
        call = self.get_object()
        data = valid_input(BudgetInput, request)
        resource = resource_of(data, request.user)
        actions.set_budget(call, resource=resource, **data, by=actor(request))
        return self._answer(call)

    @extend_schema(request=PanelInput, responses=CallSerializer)
    @action(detail=True, methods=["post"])
    def panel(self, request: Request, **_kwargs: Any) -> Response:
        call = self.get_object()
        data = valid_input(PanelInput, request)
        return self._answer(actions.set_panel(call, **data, by=actor(request)))

    @extend_schema(request=None, responses=CallSerializer)
    @action(detail=True, methods=["post"])
    def publish(self, request: Request, **_kwargs: Any) -> Response:
        return self._answer(actions.publish(self.get_object(), by=actor(request)))

    @extend_schema(request=None, responses=CallSerializer)
    @action(detail=True, methods=["post"], url_path="open", url_name="open")
    def open_(self, request: Request, **_kwargs: Any) -> Response:
        return self._answer(actions.open_(self.get_object(), by=actor(request)))

    @extend_schema(request=None, responses=CallSerializer)
    @action(detail=True, methods=["post"], url_path="close-to-review", url_name="close-to-review")
    def close_to_review(self, request: Request, **_kwargs: Any) -> Response:
        return self._answer(actions.close_to_review(self.get_object(), by=actor(request)))

    @extend_schema(request=None, responses=CallSerializer)
    @action(detail=True, methods=["post"])
    def decide(self, request: Request, **_kwargs: Any) -> Response:
        return self._answer(actions.decide(self.get_object(), by=actor(request)))

    @extend_schema(request=None, responses=CallSerializer)
    @action(detail=True, methods=["post"])
    def close(self, request: Request, **_kwargs: Any) -> Response:
        return self._answer(actions.close(self.get_object(), by=actor(request)))

    @extend_schema(parameters=[ROUND], responses=BoardRowSerializer(many=True))
    @action(detail=True, methods=["get"], pagination_class=None)
    def board(self, request: Request, **_kwargs: Any) -> Response:
        call = self.get_object()
        seat = review_policy.can_rank(actor(request), call)
        if not seat and not has(request.user, Permission.REVIEW_ASSIGN):
            raise PermissionDenied(str(seat.reason))
        rounds = rounds_of(call, request.query_params.get("round", ""))
        rows = queries.board(call, actor(request), call_round=rounds.chosen)
        return Response(BoardRowSerializer(rows, many=True).data)

    @extend_schema(request=None, responses=RankedSerializer)
    @action(detail=True, methods=["post"])
    def rank(self, request: Request, **_kwargs: Any) -> Response:
        count = panel_actions.rank(self.get_object(), by=actor(request))
        return Response({"ranked": count})
