"""Access types over the API. A change is the next version."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from compute_grants.actions import access_types as actions
from compute_grants.api.inputs import CODE, ResourceNamed, resource_of, valid_input
from compute_grants.models import AccessType, AccessTypeLimit
from compute_grants.queries.access_types import current
from consortium.api.serializers import StrictSerializer
from consortium.http import actor


class LimitSerializer(serializers.ModelSerializer[AccessTypeLimit]):
    machine = serializers.CharField(source="resource.machine.code", read_only=True)
    tres = serializers.CharField(source="resource.tres", read_only=True)

    class Meta:
        model = AccessTypeLimit
        fields = ("machine", "tres", "min_seconds", "max_seconds")
        read_only_fields = fields


class AccessTypeSerializer(serializers.ModelSerializer[AccessType]):
    """Sizes in credit-seconds: a credit is 3600 of them."""

    limits = LimitSerializer(many=True, read_only=True)

    class Meta:
        model = AccessType
        fields = (
            *("code", "version", "name_en", "name_zh", "description_en", "description_zh"),
            *("depth", "reviewers", "months", "min_credit_seconds", "max_credit_seconds"),
            *("needs_benchmark", "gives_benchmark", "limits"),
        )
        read_only_fields = fields


class LimitInput(ResourceNamed):
    min_seconds = serializers.IntegerField(min_value=0, max_value=10**16, default=0)
    max_seconds = serializers.IntegerField(min_value=1, max_value=10**16)


class AccessTypeChange(StrictSerializer):
    name_en = serializers.CharField(max_length=200)
    name_zh = serializers.CharField(max_length=200)
    description_en = serializers.CharField(max_length=20_000, allow_blank=True, default="")
    description_zh = serializers.CharField(max_length=20_000, allow_blank=True, default="")
    depth = serializers.ChoiceField(choices=AccessType.Depth.choices, default="peer")
    reviewers = serializers.IntegerField(min_value=0, max_value=9, default=0)
    months = serializers.IntegerField(min_value=1, max_value=120)
    min_credit_seconds = serializers.IntegerField(
        min_value=0, max_value=10**16, allow_null=True, default=None
    )
    max_credit_seconds = serializers.IntegerField(
        min_value=1, max_value=10**16, allow_null=True, default=None
    )
    needs_benchmark = serializers.BooleanField(default=False)
    gives_benchmark = serializers.BooleanField(default=False)
    limits = LimitInput(many=True, required=False)


class AccessTypeInput(AccessTypeChange):
    code = serializers.SlugField(max_length=24)


@extend_schema_view(
    list=extend_schema(summary="List access types in their newest versions"),
    retrieve=extend_schema(summary="Read the newest version of an access type"),
)
class AccessTypeViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[AccessType]
):
    queryset = AccessType.objects.none()
    serializer_class = AccessTypeSerializer
    lookup_field = "code"
    lookup_value_regex = CODE

    def get_queryset(self) -> QuerySet[AccessType]:
        return current()

    def _given(self, request: Request, data: dict[str, Any]) -> dict[str, Any]:
        """The fields for the action, with limits by resource where they are given."""
        limits = data.pop("limits", None)
        if limits is not None:
            data["limits"] = [
                actions.Limit(resource_of(limit, request.user), **limit) for limit in limits
            ]
        return data

    def _answer(self, made: AccessType, code: int = status.HTTP_200_OK) -> Response:
        fresh = current().get(code=made.code)
        return Response(self.get_serializer(fresh).data, status=code)

    @extend_schema(
        summary="Add an access type",
        request=AccessTypeInput,
        responses={201: AccessTypeSerializer},
    )
    def create(self, request: Request) -> Response:
        given = self._given(request, valid_input(AccessTypeInput, request))
        made = actions.create(**given, by=actor(request))
        return self._answer(made, status.HTTP_201_CREATED)

    @extend_schema(
        summary="Make the next version",
        request=AccessTypeChange,
        responses=AccessTypeSerializer,
    )
    def partial_update(self, request: Request, **_kwargs: Any) -> Response:
        found = self.get_object()
        given = self._given(request, valid_input(AccessTypeChange, request, partial=True))
        return self._answer(actions.revise(found, **given, by=actor(request)))
