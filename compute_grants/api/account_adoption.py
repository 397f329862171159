"""Accounts that a machine has already, over the API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from compute_grants.account_matching import Match
from compute_grants.actions.account_adoption import adopt, propose
from compute_grants.api.inputs import valid_input
from compute_grants.models import Allocation, Machine
from consortium.api.serializers import StrictSerializer
from consortium.http import actor

if TYPE_CHECKING:
    from rest_framework.viewsets import GenericViewSet

    OfMachine = GenericViewSet[Machine]
    OfGrant = GenericViewSet[Allocation]
else:
    OfMachine = OfGrant = object


class MatchSerializer(serializers.Serializer[Match]):
    """allocation: the grant proposed, or empty; rivals: those that fit equally."""

    account = serializers.CharField(source="account.name")
    parent = serializers.CharField(source="account.parent")  # type: ignore[assignment]  # a field
    members = serializers.ListField(child=serializers.CharField(), source="account.members")
    allocation = serializers.CharField(source="number")
    score = serializers.IntegerField()
    evidence = serializers.ListField(child=serializers.CharField())
    rivals = serializers.ListField(child=serializers.CharField())


class AdoptAccountInput(StrictSerializer):
    """may_stop: users of the account who are no members and run no more jobs on it."""

    account = serializers.RegexField(r"^[a-z][a-z0-9_]{1,30}$")
    may_stop = serializers.ListField(
        child=serializers.CharField(max_length=31), max_length=1000, default=list
    )


class MachineAccounts(OfMachine):
    """What the viewset of machines has besides its own."""

    @extend_schema(
        summary="List accounts that no grant has, with the grants they might be",
        responses=MatchSerializer(many=True),
    )
    @action(detail=True, methods=["get"], pagination_class=None)
    def accounts(self, request: Request, **_kwargs: Any) -> Response:
        rows = propose(self.get_object(), by=actor(request))
        return Response([MatchSerializer(row).data for row in rows])


class AdoptAction(OfGrant):
    """What the viewset of grants has besides its own."""

    @extend_schema(
        summary="Give the grant an account that its machine has already",
        request=AdoptAccountInput,
        responses={204: None},
    )
    @action(detail=True, methods=["post"])
    def adopt(self, request: Request, **_kwargs: Any) -> Response:
        adopt(self.get_object(), **valid_input(AdoptAccountInput, request), by=actor(request))
        return Response(status=204)
