"""Documents of calls over the API."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import FileResponse
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from compute_grants.actions import call_documents as actions
from compute_grants.api.inputs import valid_input
from compute_grants.models import Call, CallDocument
from consortium.api.serializers import StrictSerializer
from consortium.files_http import download
from consortium.http import actor

CALL = OpenApiParameter("call", str, description="Only those of the call of this code.")


class CallDocumentSerializer(serializers.ModelSerializer[CallDocument]):
    call = serializers.CharField(source="call.code", read_only=True)
    name = serializers.CharField(source="file.name", read_only=True)
    kind = serializers.CharField(source="file.kind", read_only=True)
    size_bytes = serializers.IntegerField(source="file.size_bytes", read_only=True)
    sha256 = serializers.CharField(source="file.sha256", read_only=True)

    class Meta:
        model = CallDocument
        fields = (
            *("id", "call", "title_en", "title_zh", "name", "kind", "size_bytes", "sha256"),
            "attached_at",
        )
        read_only_fields = fields


class CallDocumentInput(StrictSerializer):
    call = serializers.CharField(max_length=16)
    file = serializers.FileField()
    title_en = serializers.CharField(max_length=200, allow_blank=True, default="")
    title_zh = serializers.CharField(max_length=200, allow_blank=True, default="")


@extend_schema_view(
    list=extend_schema(summary="List documents of calls", parameters=[CALL]),
    retrieve=extend_schema(summary="Read about one document of a call"),
)
class CallDocumentViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[CallDocument]
):
    queryset = CallDocument.objects.none()
    serializer_class = CallDocumentSerializer
    lookup_value_regex = r"[0-9]{1,18}"

    def get_queryset(self) -> QuerySet[CallDocument]:
        rows = CallDocument.objects.visible_to(self.request.user).select_related("call", "file")
        if code := self.request.query_params.get("call", ""):
            rows = rows.filter(call__code=code)
        return rows.order_by("pk")

    def get_parsers(self) -> list[Any]:
        """A document comes as a form with a file; everything else as JSON."""
        if self.request and self.request.method == "POST" and not self.kwargs.get("pk"):
            return [MultiPartParser()]
        return super().get_parsers()

    @extend_schema(
        summary="Attach a document to a call",
        request={"multipart/form-data": CallDocumentInput},
        responses={201: CallDocumentSerializer},
    )
    def create(self, request: Request) -> Response:
        data = valid_input(CallDocumentInput, request)
        visible = Call.objects.visible_to(request.user)
        call = get_object_or_404(visible, code=data.pop("call"))
        made = actions.attach(call, **data, by=actor(request))
        return Response(self.get_serializer(made).data, status=status.HTTP_201_CREATED)

    @extend_schema(summary="Download it", responses={(200, "*/*"): OpenApiTypes.BINARY})
    @action(detail=True, methods=["get"])
    def file(self, _request: Request, **_kwargs: Any) -> FileResponse:
        return download(self.get_object().file)

    @extend_schema(summary="Take it off a draft", request=None, responses={204: None})
    @action(detail=True, methods=["post"])
    def remove(self, request: Request, **_kwargs: Any) -> Response:
        actions.remove(self.get_object(), by=actor(request))
        return Response(status=status.HTTP_204_NO_CONTENT)
