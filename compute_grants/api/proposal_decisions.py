"""Decisions on a proposal over the API, mixed into its viewset."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from compute_grants.actions import decision_sets, panel_recusals
from compute_grants.actions import panel as actions
from compute_grants.api.decision_sets import (
    BoundSerializer,
    DecisionInput,
    SetSerializer,
    choice_of,
)
from compute_grants.api.inputs import valid_input
from compute_grants.models import PanelDecision, Proposal
from compute_grants.queries.award_reasons import Telling, limits, resources_of
from compute_grants.queries.decision_sets import set_view
from consortium.api.serializers import StrictSerializer
from consortium.http import actor

if TYPE_CHECKING:
    Base = GenericViewSet[Proposal]
else:
    Base = object


class DecisionSerializer(serializers.ModelSerializer[PanelDecision]):
    grants = serializers.SlugRelatedField[Any](
        source="proposal.allocations", slug_field="number", many=True, read_only=True
    )
    binding = serializers.SerializerMethodField()

    class Meta:
        model = PanelDecision
        fields = ("outcome", "reason", "binding", "starts_on", "ends_on", "decided_at", "grants")
        read_only_fields = fields

    @extend_schema_field(BoundSerializer(many=True))
    def get_binding(self, decision: PanelDecision) -> Any:
        """The limits that bound it in the award run, with the proposal's own figures."""
        reasons = decision.binding
        found = limits(reasons, resources_of(reasons), Telling.OWN)
        return [BoundSerializer(limit).data for limit in found]


class ReasonInput(StrictSerializer):
    reason = serializers.CharField(max_length=20_000)


class DecisionsMixin(Base):
    """The decision that stands, and what leads to one."""

    @extend_schema(request=None, responses=DecisionSerializer)
    @action(detail=True, methods=["get"])
    def decision(self, _request: Request, **_kwargs: Any) -> Response:
        """The decision that stands, for whoever reads the proposal; 404 before there is one."""
        found = get_object_or_404(self.get_object().decisions.all()[:1])
        return Response(DecisionSerializer(found).data)

    @extend_schema(request=ReasonInput, responses=DecisionSerializer)
    @action(
        detail=True, methods=["post"], url_path="reject-infeasible", url_name="reject-infeasible"
    )
    def reject_infeasible(self, request: Request, **_kwargs: Any) -> Response:
        proposal = self.get_object()
        data = valid_input(ReasonInput, request)
        decision = actions.reject_infeasible(proposal, **data, by=actor(request))
        return Response(DecisionSerializer(decision).data)

    @extend_schema(request=DecisionInput, responses=SetSerializer)
    @action(detail=True, methods=["post"])
    def decide(self, request: Request, **_kwargs: Any) -> Response:
        """Put a decision into the call's draft; it is made once two have signed that set."""
        proposal = self.get_object()
        data = valid_input(DecisionInput, request)
        found = decision_sets.put_in_draft(choice_of(proposal, data), by=actor(request))
        return Response(SetSerializer(set_view(found, actor(request))).data)

    @extend_schema(request=ReasonInput, responses={204: None})
    @action(detail=True, methods=["post"], url_path="declare-conflict", url_name="declare-conflict")
    def declare_conflict(self, request: Request, **_kwargs: Any) -> Response:
        """As one of the call's panel: the proposal is hidden from then on."""
        data = valid_input(ReasonInput, request)
        panel_recusals.declare(self.get_object(), **data, by=actor(request))
        return Response(status=status.HTTP_204_NO_CONTENT)
