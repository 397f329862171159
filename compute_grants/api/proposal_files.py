"""A proposal's files and measurements over the API, mixed into its viewset."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from compute_grants.actions import attachments as file_actions
from compute_grants.actions import scaling as scaling_actions
from compute_grants.api.inputs import valid_input
from compute_grants.models import Attachment, Precision, Proposal, SectionName
from compute_grants.queries.scaling import series_of
from consortium.api.serializers import StrictSerializer
from consortium.http import actor

if TYPE_CHECKING:
    Base = GenericViewSet[Proposal]
else:
    Base = object


class AttachmentSerializer(serializers.ModelSerializer[Attachment]):
    """href: the page from which a signed-in reader of the proposal gets the bytes."""

    name = serializers.CharField(source="file.name", read_only=True)
    kind = serializers.CharField(source="file.kind", read_only=True)
    size_bytes = serializers.IntegerField(source="file.size_bytes", read_only=True)
    sha256 = serializers.CharField(source="file.sha256", read_only=True)
    href = serializers.CharField(source="get_absolute_url", read_only=True)

    class Meta:
        model = Attachment
        fields = ("id", "section", "caption", "name", "kind", "size_bytes", "sha256", "href")
        read_only_fields = fields


class AttachInput(StrictSerializer):
    file = serializers.FileField()
    section = serializers.ChoiceField(choices=SectionName.choices, default=SectionName.SCIENCE)
    caption = serializers.CharField(max_length=200, required=False, default="", allow_blank=True)


class DetachInput(StrictSerializer):
    attachment = serializers.IntegerField(min_value=1)


class PointSerializer(StrictSerializer):
    width = serializers.IntegerField(min_value=1, max_value=2 * 10**9)
    milliseconds = serializers.IntegerField(min_value=1, max_value=10**12)


class MeasuredSerializer(PointSerializer):
    speed_up = serializers.FloatField(read_only=True)
    efficiency = serializers.FloatField(read_only=True)


class SeriesSerializer(serializers.Serializer[Any]):
    machine = serializers.CharField(read_only=True)
    precision = serializers.CharField(read_only=True)
    rows = MeasuredSerializer(many=True, read_only=True)


class SeriesInput(StrictSerializer):
    """Replaces the series of this machine and precision; no points remove it."""

    machine = serializers.CharField(max_length=80)
    precision = serializers.ChoiceField(choices=Precision.choices)
    points = PointSerializer(many=True)
    version = serializers.IntegerField(min_value=1, required=False)


class FilesMixin(Base):
    """Attachments and scaling tables."""

    @extend_schema(request=None, responses=AttachmentSerializer(many=True))
    @action(detail=True, methods=["get"], pagination_class=None, filter_backends=[])
    def attachments(self, request: Request, **_kwargs: Any) -> Response:  # noqa: ARG002  by DRF
        rows = self.get_object().current_attachments
        return Response(AttachmentSerializer(rows, many=True).data)

    @extend_schema(
        request={"multipart/form-data": AttachInput}, responses={201: AttachmentSerializer}
    )
    @action(detail=True, methods=["post"], parser_classes=[MultiPartParser])
    def attach(self, request: Request, **_kwargs: Any) -> Response:
        """Keep a PDF document or a picture with a section."""
        proposal = self.get_object()
        data = valid_input(AttachInput, request)
        made = file_actions.attach(proposal, **data, by=actor(request))
        return Response(AttachmentSerializer(made).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=DetachInput, responses=AttachmentSerializer(many=True))
    @action(detail=True, methods=["post"])
    def detach(self, request: Request, **_kwargs: Any) -> Response:
        """Take a file out of the draft."""
        proposal = self.get_object()
        data = valid_input(DetachInput, request)
        rows = proposal.attachments.current().select_related("file")
        file_actions.detach(get_object_or_404(rows, pk=data["attachment"]), by=actor(request))
        left = AttachmentSerializer(proposal.current_attachments, many=True)
        return Response(left.data)

    @extend_schema(request=None, responses=SeriesSerializer(many=True))
    @action(detail=True, methods=["get"], pagination_class=None, filter_backends=[])
    def scaling(self, request: Request, **_kwargs: Any) -> Response:  # noqa: ARG002  by DRF
        """What was measured, with speed-up and efficiency against the smallest width."""
        return Response(SeriesSerializer(series_of(self.get_object()), many=True).data)

    @extend_schema(request=SeriesInput, responses=SeriesSerializer(many=True))
    @action(detail=True, methods=["post"], url_path="set-scaling", url_name="set-scaling")
    def set_scaling(self, request: Request, **_kwargs: Any) -> Response:
        """State a series, or replace it."""
        proposal = self.get_object()
        data = valid_input(SeriesInput, request)
        data["points"] = [(row["width"], row["milliseconds"]) for row in data["points"]]
        scaling_actions.set_series(proposal, **data, by=actor(request))
        return Response(SeriesSerializer(series_of(proposal), many=True).data)
