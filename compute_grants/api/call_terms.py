"""What the office sets about a call beyond its text, over the API; and following a call."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from compute_grants.actions import call_terms as actions
from compute_grants.actions.rounds import Window
from compute_grants.api.inputs import ResourceNamed, resource_of, valid_input
from compute_grants.models import AccessType, Call, CallRound, EligibilityRule
from consortium.api.serializers import StrictSerializer
from consortium.http import actor


class RoundSerializer(serializers.ModelSerializer[CallRound]):
    class Meta:
        model = CallRound
        fields = ("position", "opens_at", "closes_at", "review_by", "decision_by")
        read_only_fields = fields


class RuleSerializer(serializers.ModelSerializer[EligibilityRule]):
    class Meta:
        model = EligibilityRule
        fields = ("kind", "values", "months")
        read_only_fields = fields


class WindowInput(StrictSerializer):
    opens_at = serializers.DateTimeField()
    closes_at = serializers.DateTimeField()
    review_by = serializers.DateTimeField(required=False, allow_null=True, default=None)
    decision_by = serializers.DateTimeField(required=False, allow_null=True, default=None)


class RoundsInput(StrictSerializer):
    rounds = WindowInput(many=True, allow_empty=False)


class ExtendInput(StrictSerializer):
    position = serializers.IntegerField(min_value=1, max_value=1000)
    closes_at = serializers.DateTimeField()
    review_by = serializers.DateTimeField(required=False, allow_null=True, default=None)
    decision_by = serializers.DateTimeField(required=False, allow_null=True, default=None)
    reason = serializers.CharField(max_length=1000)


class RuleInput(StrictSerializer):
    kind = serializers.ChoiceField(choices=EligibilityRule.Kind.choices)
    values = serializers.ListField(child=serializers.CharField(max_length=16), default=list)
    months = serializers.IntegerField(min_value=0, max_value=120, allow_null=True, default=None)


class RulesInput(StrictSerializer):
    rules = RuleInput(many=True, allow_empty=True)


class AccessInput(StrictSerializer):
    """access_types: by code, in their newest versions."""

    access_types = serializers.SlugRelatedField[AccessType](
        slug_field="code", many=True, queryset=AccessType.objects.filter(current=True)
    )


class RaiseInput(ResourceNamed):
    """seconds: what the budget is to be in all."""

    seconds = serializers.IntegerField(min_value=1, max_value=10**16)
    reason = serializers.CharField(max_length=1000)


class CallTerms(viewsets.GenericViewSet[Call]):
    """Named actions of CallViewSet, which says what it reads and how it answers."""

    @abstractmethod
    def get_queryset(self) -> QuerySet[Call]: ...

    @abstractmethod
    def _answer(self, call: Call, code: int = 200) -> Response: ...

    @extend_schema(summary="Set a draft's rounds", request=RoundsInput)
    @action(detail=True, methods=["post"])
    def rounds(self, request: Request, **_kwargs: Any) -> Response:
        call = self.get_object()
        windows = [Window(**each) for each in valid_input(RoundsInput, request)["rounds"]]
        return self._answer(actions.set_rounds(call, windows=windows, by=actor(request)))

    @extend_schema(summary="Announce one more round", request=WindowInput)
    @action(detail=True, methods=["post"], url_path="add-round", url_name="add-round")
    def add_round(self, request: Request, **_kwargs: Any) -> Response:
        call = self.get_object()
        window = Window(**valid_input(WindowInput, request))
        actions.add_round(call, window=window, by=actor(request))
        return self._answer(call)

    @extend_schema(summary="Let a round close later", request=ExtendInput)
    @action(detail=True, methods=["post"])
    def extend(self, request: Request, **_kwargs: Any) -> Response:
        call = self.get_object()
        data = valid_input(ExtendInput, request)
        rounds = call.rounds.select_related("call")
        each = get_object_or_404(rounds, position=data.pop("position"))
        actions.extend(each, **data, by=actor(request))
        return self._answer(call)

    @extend_schema(summary="Set a draft's eligibility rules", request=RulesInput)
    @action(detail=True, methods=["post"])
    def eligibility(self, request: Request, **_kwargs: Any) -> Response:
        call = self.get_object()
        rules = valid_input(RulesInput, request)["rules"]
        conditions = [
            actions.Condition(rule["kind"], tuple(rule["values"]), rule["months"]) for rule in rules
        ]
        return self._answer(actions.set_eligibility(call, conditions=conditions, by=actor(request)))

    @extend_schema(summary="Choose a draft's access types", request=AccessInput)
    @action(detail=True, methods=["post"])
    def access(self, request: Request, **_kwargs: Any) -> Response:
        call = self.get_object()
        data = valid_input(AccessInput, request)
        return self._answer(actions.set_access(call, **data, by=actor(request)))

    @extend_schema(summary="Raise a published call's budget", request=RaiseInput)
    @action(detail=True, methods=["post"], url_path="raise-budget", url_name="raise-budget")
    def raise_budget(self, request: Request, **_kwargs: Any) -> Response:
        call = self.get_object()
        data = valid_input(RaiseInput, request)
        resource = resource_of(data, request.user)
        actions.raise_budget(call, resource=resource, **data, by=actor(request))
        return self._answer(call)

    @extend_schema(summary="Be told of a call", request=None)
    @action(detail=True, methods=["post"])
    def follow(self, request: Request, **_kwargs: Any) -> Response:
        call = self.get_object()
        actions.follow(call, by=actor(request))
        return self._answer(call)

    @extend_schema(summary="Be told no longer", request=None)
    @action(detail=True, methods=["post"])
    def unfollow(self, request: Request, **_kwargs: Any) -> Response:
        call = self.get_object()
        actions.unfollow(call, by=actor(request))
        return self._answer(call)
