"""Plans of who reviews what over the API, for the R&D office and auditors."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from compute_grants.actions import assignment_plans as actions
from compute_grants.actions import planned_pairs as pair_actions
from compute_grants.api.inputs import valid_input
from compute_grants.matching.preview import preview
from compute_grants.matching.rules import shortfalls
from compute_grants.models import AssignmentPlan, Call, PlannedPair, Proposal
from compute_grants.policies import matching as policy
from compute_grants.queries import assignment_plans as queries
from compute_grants.queries.matching import Wish, situation
from consortium.api.serializers import StrictSerializer
from consortium.http import actor
from consortium.models import User


class PlanSerializer(serializers.ModelSerializer[AssignmentPlan]):
    """`worst` and `bound`: mean affinity of the worst-off proposal, and what no plan exceeds."""

    call = serializers.CharField(source="call.code", read_only=True)

    class Meta:
        model = AssignmentPlan
        fields = (
            *("id", "call", "state", "stage", "per_proposal", "most", "least", "seconds", "seed"),
            *("based_on", "asked_by", "asked_at", "ended_at", "solver", "total", "worst"),
            *("bound", "gap", "proved", "failure", "applied_by", "applied_at"),
        )
        read_only_fields = fields


class PairSerializer(serializers.ModelSerializer[PlannedPair]):
    proposal = serializers.CharField(source="proposal.number", read_only=True)

    class Meta:
        model = PlannedPair
        fields = (
            *("id", "proposal", "reviewer", "affinity", "topics", "terms", "locked", "manual"),
            *("outcome", "outcome_reason", "assignment"),
        )
        read_only_fields = fields


class PlanRowSerializer(StrictSerializer):
    """A proposal of a plan; a masked one is of the reader's own side and shows nothing else."""

    proposal = serializers.CharField(source="proposal.number")
    masked = serializers.BooleanField()
    mean = serializers.FloatField()
    missing = serializers.IntegerField()
    cause = serializers.CharField()
    pairs = PairSerializer(many=True)


class WishInput(StrictSerializer):
    call = serializers.SlugField(max_length=16)
    per_proposal = serializers.IntegerField(min_value=1, max_value=10)
    most = serializers.IntegerField(min_value=1, max_value=50)
    least = serializers.IntegerField(min_value=0, max_value=50, default=0)


class PlanInput(WishInput):
    """based_on: a plan of the same call whose locked pairs stay."""

    seconds = serializers.IntegerField(min_value=1, max_value=actions.MOST_SECONDS, default=30)
    seed = serializers.IntegerField(min_value=0, max_value=2**31 - 1, default=0)
    based_on = serializers.PrimaryKeyRelatedField(
        queryset=AssignmentPlan.objects.all(), required=False, allow_null=True
    )


class PreviewSerializer(StrictSerializer):
    pairs = serializers.IntegerField()
    wanted = serializers.IntegerField()
    short = serializers.IntegerField()
    total = serializers.FloatField()


class AddInput(StrictSerializer):
    proposal = serializers.CharField(max_length=16)
    reviewer = serializers.PrimaryKeyRelatedField(queryset=User.objects.filter(is_active=True))


class PairInput(StrictSerializer):
    pair = serializers.IntegerField(min_value=1)


class SwapInput(PairInput):
    reviewer = serializers.PrimaryKeyRelatedField(queryset=User.objects.filter(is_active=True))


class LockInput(PairInput):
    locked = serializers.BooleanField()


class ApplyInput(StrictSerializer):
    """pairs: ids of those whose reviewers are to be invited."""

    pairs = serializers.ListField(child=serializers.IntegerField(min_value=1), max_length=20_000)
    due_at = serializers.DateTimeField()


class PlanViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[AssignmentPlan]
):
    """Plans of reviewers. `?call=CODE` for those of one call."""

    queryset = AssignmentPlan.objects.none()
    serializer_class = PlanSerializer
    lookup_value_regex = r"[0-9]{1,18}"

    def get_queryset(self) -> QuerySet[AssignmentPlan]:
        rows = AssignmentPlan.objects.visible_to(actor(self.request)).select_related("call")
        code = self.request.query_params.get("call", "")
        return rows.filter(call__code=code) if code else rows

    def _answer(self, plan: AssignmentPlan) -> Response:
        return Response(self.get_serializer(plan).data)

    def _call(self, code: str) -> Call:
        return get_object_or_404(Call.objects.visible_to(actor(self.request)), code=code)

    def _pair(self, pk: int) -> PlannedPair:
        """One of this plan's that the person may see."""
        user = actor(self.request)
        rows = self.get_object().pairs.filter(proposal__in=Proposal.objects.visible_to(user))
        return get_object_or_404(rows.select_related("plan__call", "proposal"), pk=pk)

    @extend_schema(request=PlanInput, responses={201: PlanSerializer})
    def create(self, request: Request) -> Response:
        """Ask for a plan; a worker computes it."""
        data = valid_input(PlanInput, request)
        call = self._call(data.pop("call"))
        plan = actions.ask(call, **data, by=actor(request))
        return Response(self.get_serializer(plan).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=WishInput, responses=PreviewSerializer)
    @action(detail=False, methods=["post"])
    def preview(self, request: Request) -> Response:
        """What a plan would be like, at once. Nothing is kept."""
        policy.can_plan(actor(request)).require()
        data = valid_input(WishInput, request)
        problem = situation(self._call(data.pop("call")), Wish(**data)).problem
        pairs = preview(problem)
        facts = {
            "pairs": len(pairs),
            "wanted": int(problem.wanted.sum()),
            "short": len(shortfalls(problem, pairs)),
            "total": float(sum(problem.affinity[pair] for pair in pairs)),
        }
        return Response(PreviewSerializer(facts).data)

    @extend_schema(responses=PlanRowSerializer(many=True))
    @action(detail=True, methods=["get"])
    def pairs(self, request: Request, **_kwargs: Any) -> Response:
        """By proposal: those that lack somebody first, then the worst-off."""
        rows = queries.plan_rows(self.get_object(), actor(request))
        return Response(PlanRowSerializer(rows, many=True).data)

    @extend_schema(request=None, responses=PlanSerializer)
    @action(detail=True, methods=["post"])
    def stop(self, request: Request, **_kwargs: Any) -> Response:
        """At once where it has not begun, else before its next stage."""
        return self._answer(actions.stop(self.get_object(), by=actor(request)))

    @extend_schema(request=AddInput, responses={201: PairSerializer})
    @action(detail=True, methods=["post"])
    def add(self, request: Request, **_kwargs: Any) -> Response:
        data = valid_input(AddInput, request)
        visible = Proposal.objects.visible_to(actor(request))
        proposal = get_object_or_404(visible, number=data.pop("proposal"))
        made = pair_actions.add(self.get_object(), proposal=proposal, **data, by=actor(request))
        return Response(PairSerializer(made).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=PairInput, responses=PlanSerializer)
    @action(detail=True, methods=["post"])
    def remove(self, request: Request, **_kwargs: Any) -> Response:
        data = valid_input(PairInput, request)
        return self._answer(pair_actions.remove(self._pair(data["pair"]), by=actor(request)))

    @extend_schema(request=SwapInput, responses=PairSerializer)
    @action(detail=True, methods=["post"])
    def swap(self, request: Request, **_kwargs: Any) -> Response:
        """Another reviewer in the place of this one."""
        data = valid_input(SwapInput, request)
        pair = self._pair(data.pop("pair"))
        return Response(PairSerializer(pair_actions.swap(pair, **data, by=actor(request))).data)

    @extend_schema(request=LockInput, responses=PairSerializer)
    @action(detail=True, methods=["post"])
    def lock(self, request: Request, **_kwargs: Any) -> Response:
        """Keep the pair when it is computed anew, or no longer."""
        data = valid_input(LockInput, request)
        pair = self._pair(data.pop("pair"))
        return Response(PairSerializer(pair_actions.lock(pair, **data, by=actor(request))).data)

    @extend_schema(request=ApplyInput, responses=PlanSerializer)
    @action(detail=True, methods=["post"])
    def apply(self, request: Request, **_kwargs: Any) -> Response:
        """Invite the reviewers of these pairs. `pairs` then says what became of each."""
        data = valid_input(ApplyInput, request)
        return self._answer(actions.apply(self.get_object(), **data, by=actor(request)))
