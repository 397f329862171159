"""The parts of a proposal over the API, mixed into its viewset."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from compute_grants.models import Proposal, SectionName, SectionState
from compute_grants.queries.sections import sections

if TYPE_CHECKING:
    Base = GenericViewSet[Proposal]
else:
    Base = object


class SectionSerializer(serializers.Serializer[Any]):
    name = serializers.ChoiceField(choices=SectionName.choices, read_only=True)
    state = serializers.ChoiceField(choices=SectionState.choices, read_only=True)
    optional = serializers.BooleanField(read_only=True)
    saved_at = serializers.DateTimeField(read_only=True, allow_null=True)
    saved_by = serializers.CharField(read_only=True)


class PartsMixin(Base):
    """What a proposal consists of, part by part."""

    @extend_schema(request=None, responses=SectionSerializer(many=True))
    @action(detail=True, methods=["get"], pagination_class=None, filter_backends=[])
    def sections(self, request: Request, **_kwargs: Any) -> Response:  # noqa: ARG002  by DRF
        """Every section with its state, and when and by whom it was last saved."""
        found = sections(self.get_object())
        return Response(SectionSerializer(found, many=True).data)
