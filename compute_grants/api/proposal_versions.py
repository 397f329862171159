"""What was handed in, and a new draft from it, over the API; mixed into the viewset."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from compute_grants.actions import proposal_clone
from compute_grants.api.inputs import valid_input
from compute_grants.models import Call, Proposal, Submission
from compute_grants.queries import versions as queries
from consortium.api.serializers import StrictSerializer
from consortium.http import actor
from consortium.models import Institution

if TYPE_CHECKING:
    Base = GenericViewSet[Proposal]
else:
    Base = object


class VersionSerializer(serializers.ModelSerializer[Submission]):
    """content: word for word; content_hash: sha256 of its canonical JSON."""

    class Meta:
        model = Submission
        fields = ("version", "submitted_at", "content_hash", "content")
        read_only_fields = fields


class ChangedFieldSerializer(serializers.Serializer[Any]):
    field = serializers.CharField(source="label", read_only=True)
    before = serializers.CharField(read_only=True)
    after = serializers.CharField(read_only=True)


class CompareInput(StrictSerializer):
    left = serializers.IntegerField(min_value=1)
    right = serializers.IntegerField(min_value=1)


class CloneInput(StrictSerializer):
    call = serializers.SlugField(max_length=16)
    institution = serializers.SlugRelatedField(
        slug_field="slug", queryset=Institution.objects.all()
    )


class ClonedSerializer(serializers.ModelSerializer[Proposal]):
    class Meta:
        model = Proposal
        fields = ("number", "version", "state")
        read_only_fields = fields


class VersionsMixin(Base):
    """Submissions, two compared, and clones."""

    @extend_schema(request=None, responses=VersionSerializer(many=True))
    @action(detail=True, methods=["get"], pagination_class=None, filter_backends=[])
    def submissions(self, request: Request, **_kwargs: Any) -> Response:  # noqa: ARG002  by DRF
        """Everything handed in, newest first."""
        found = queries.submissions_of(self.get_object())
        return Response(VersionSerializer(found, many=True).data)

    @extend_schema(
        parameters=[CompareInput], request=None, responses=ChangedFieldSerializer(many=True)
    )
    @action(detail=True, methods=["get"], pagination_class=None, filter_backends=[])
    def compare(self, request: Request, **_kwargs: Any) -> Response:
        """The fields that differ between two submitted versions."""
        proposal = self.get_object()
        named = CompareInput(data=request.query_params.dict())
        named.is_valid(raise_exception=True)
        left, right = (
            get_object_or_404(proposal.submissions, version=named.validated_data[side])
            for side in ("left", "right")
        )
        found = [f for f in queries.compare(left.content, right.content) if f.changed]
        return Response(ChangedFieldSerializer(found, many=True).data)

    @extend_schema(request=CloneInput, responses={201: ClonedSerializer})
    @action(detail=True, methods=["post"])
    def clone(self, request: Request, **_kwargs: Any) -> Response:
        """Begin a draft under another call with the texts, measurements and files of this one."""
        source = self.get_object()
        data = valid_input(CloneInput, request)
        calls = Call.objects.visible_to(request.user)
        call = get_object_or_404(calls, code=data["call"])
        made = proposal_clone.clone(
            source, call=call, institution=data["institution"], by=actor(request)
        )
        return Response(ClonedSerializer(made).data, status=status.HTTP_201_CREATED)
