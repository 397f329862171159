"""Institutions over the API: read by all; changed by the same actions as on the pages."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from consortium.actions import institutions
from consortium.api.reauthentication import require_recent_proof
from consortium.api.serializers import StrictSerializer
from consortium.http import actor
from consortium.models import Institution


class InstitutionSerializer(serializers.ModelSerializer[Institution]):
    class Meta:
        model = Institution
        fields = (
            "slug",
            "name_en",
            "name_zh",
            "kind",
            "arm",
            "tier",
            "state",
            "country",
            "ror_id",
        )
        read_only_fields = fields


class MoveSerializer(StrictSerializer):
    to = serializers.ChoiceField(choices=Institution.State.choices)
    reason = serializers.CharField(max_length=1000)


@extend_schema_view(
    list=extend_schema(summary="List the institutions"),
    retrieve=extend_schema(summary="Read one institution"),
)
class InstitutionViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Institution]
):
    """Member institutions and, for those who may see them, applications."""

    queryset = Institution.objects.none()
    serializer_class = InstitutionSerializer
    lookup_field = "slug"

    def get_queryset(self) -> QuerySet[Institution]:
        return Institution.objects.visible_to(self.request.user).order_by("slug")

    @extend_schema(
        summary="Hand a membership application in", request=None, responses=InstitutionSerializer
    )
    @action(detail=True, methods=["post"])
    def submit(self, request: Request, **_kwargs: Any) -> Response:
        row = institutions.submit(self.get_object(), by=actor(request))
        return Response(self.get_serializer(row).data)

    @extend_schema(
        summary="Take a membership to another state",
        request=MoveSerializer,
        responses=InstitutionSerializer,
    )
    @action(detail=True, methods=["post"])
    def move(self, request: Request, **_kwargs: Any) -> Response:
        require_recent_proof(request)
        data = MoveSerializer(data=request.data)
        data.is_valid(raise_exception=True)
        row = institutions.move(self.get_object(), **data.validated_data, by=actor(request))
        return Response(self.get_serializer(row).data)
