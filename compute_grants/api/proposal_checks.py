"""Checks of what a proposal asks, over the API, mixed into its viewset."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from compute_grants.actions import proposals as actions
from compute_grants.api.inputs import valid_input
from compute_grants.models import Precision, Proposal
from compute_grants.queries.proposals import requests_of
from compute_grants.queries.request_checks import checks_of, ranking
from compute_grants.request_checks import Level
from consortium.api.serializers import StrictSerializer
from consortium.http import actor

if TYPE_CHECKING:
    Base = GenericViewSet[Proposal]
else:
    Base = object


class RequestCheckSerializer(serializers.Serializer[Any]):
    """One finding; numbers: what it was computed from, each in the unit of its name."""

    code = serializers.CharField(read_only=True)
    level = serializers.ChoiceField(choices=Level.choices, read_only=True)
    message = serializers.CharField(read_only=True)
    numbers = serializers.DictField(child=serializers.FloatField(), read_only=True)


class CheckedSerializer(serializers.Serializer[Any]):
    request = serializers.IntegerField(source="request.pk", read_only=True)
    machine = serializers.CharField(source="request.resource.machine.code", read_only=True)
    tres = serializers.CharField(source="request.resource.tres", read_only=True)
    worst = serializers.ChoiceField(choices=Level.choices, read_only=True)
    checks = RequestCheckSerializer(many=True, read_only=True)


class RankedMachineSerializer(serializers.Serializer[Any]):
    """parts: 0 to 1 against the best that fits; lacks: precision, memory or hours."""

    resource = serializers.CharField(source="candidate.label", read_only=True)
    score = serializers.FloatField(read_only=True)
    fits = serializers.BooleanField(read_only=True)
    lacks = serializers.CharField(read_only=True)
    parts = serializers.DictField(child=serializers.FloatField(), read_only=True)


class NeedInput(StrictSerializer):
    precision = serializers.ChoiceField(choices=Precision.choices)
    memory_bytes = serializers.IntegerField(min_value=0, max_value=10**15, default=0)
    seconds = serializers.IntegerField(min_value=0, max_value=10**16, default=0)


class AccessChosenInput(StrictSerializer):
    """access_type: the code of one of the call's."""

    access_type = serializers.SlugField(max_length=24)


class ChecksMixin(Base):
    """What the portal finds in the requests for time, and which machines would suit."""

    @extend_schema(request=None, responses=CheckedSerializer(many=True))
    @action(detail=True, methods=["get"], pagination_class=None, filter_backends=[])
    def checks(self, request: Request, **_kwargs: Any) -> Response:  # noqa: ARG002  by DRF
        """Each request for time with every check of it."""
        proposal = self.get_object()
        found = checks_of(proposal, requests_of(proposal))
        return Response(CheckedSerializer(found, many=True).data)

    @extend_schema(
        parameters=[NeedInput], request=None, responses=RankedMachineSerializer(many=True)
    )
    @action(detail=True, methods=["get"], pagination_class=None, filter_backends=[])
    def machines(self, request: Request, **_kwargs: Any) -> Response:
        """The call's resources by how well they suit a need, best first."""
        proposal = self.get_object()
        need = NeedInput(data=request.query_params.dict())
        need.is_valid(raise_exception=True)
        data = need.validated_data
        found = ranking(
            proposal.call, data["precision"], memory=data["memory_bytes"], seconds=data["seconds"]
        )
        return Response(RankedMachineSerializer(found, many=True).data)

    @extend_schema(request=AccessChosenInput, responses=CheckedSerializer(many=True))
    @action(detail=True, methods=["post"])
    def access(self, request: Request, **_kwargs: Any) -> Response:
        """Choose the kind of access; answers with the checks."""
        proposal = self.get_object()
        data = valid_input(AccessChosenInput, request)
        chosen = get_object_or_404(proposal.call.access_types, code=data["access_type"])
        actions.choose_access(proposal, access_type=chosen, by=actor(request))
        found = checks_of(proposal, requests_of(proposal))
        return Response(CheckedSerializer(found, many=True).data)
