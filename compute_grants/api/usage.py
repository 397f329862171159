"""Sending accounting files over the API, from a cluster's own nightly job."""

from io import BytesIO
from typing import Any, BinaryIO

from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import mixins, serializers, viewsets
from rest_framework.exceptions import ValidationError
from rest_framework.parsers import BaseParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from compute_grants.actions import usage
from compute_grants.forms.allocations import LARGEST_UPLOAD
from compute_grants.models import Machine, UsageImport
from compute_grants.queries.usage import explain
from consortium.http import actor


class PlainTextParser(BaseParser):
    """The body as it is, up to LARGEST_UPLOAD."""

    media_type = "text/plain"

    def parse(
        self,
        stream: Any,
        media_type: str | None = None,  # noqa: ARG002  DRF's signature
        parser_context: Any = None,  # noqa: ARG002
    ) -> Any:
        return BytesIO(stream.read(LARGEST_UPLOAD + 1))


class UsageImportSerializer(serializers.ModelSerializer[UsageImport]):
    machine = serializers.CharField(source="machine.code", read_only=True)
    remarks = serializers.SerializerMethodField()

    class Meta:
        model = UsageImport
        fields = (
            *("id", "machine", "source", "sha256", "size_bytes", "state", "rows", "steps", "runs"),
            *("recorded", "corrected", "unchanged", "unmatched", "waiting", "skipped_rows"),
            *("unknown_accounts", "card_seconds", "core_seconds", "started_at", "finished_at"),
            "remarks",
        )
        read_only_fields = fields

    def get_remarks(self, row: UsageImport) -> list[str]:
        return explain(row)


@extend_schema_view(
    list=extend_schema(summary="List the accounting files read for your centre's machines"),
    retrieve=extend_schema(summary="Read what came of one file"),
)
class UsageImportViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[UsageImport]
):
    queryset = UsageImport.objects.none()
    serializer_class = UsageImportSerializer
    parser_classes = [PlainTextParser, MultiPartParser]
    lookup_value_regex = r"\d{1,18}"

    def get_queryset(self) -> QuerySet[UsageImport]:
        return UsageImport.objects.visible_to(actor(self.request)).select_related("machine")

    @extend_schema(
        summary="Send sacct --parsable2 output",
        parameters=[
            OpenApiParameter("machine", str, required=True, description="The machine's code"),
            OpenApiParameter("skip_bad", bool, description="Leave bad rows out"),
        ],
        request={"text/plain": OpenApiTypes.STR},
        responses={201: UsageImportSerializer},
    )
    def create(self, request: Request) -> Response:
        """Charges every run once. A file with bad rows is refused whole unless skip_bad=1."""
        code = request.query_params.get("machine", "")
        machine = get_object_or_404(Machine.objects.run_by(actor(request)), code=code)
        stream, source = _content(request)
        imported = usage.import_sacct(
            machine=machine,
            stream=stream,
            source=source,
            by=actor(request),
            skip_bad=request.query_params.get("skip_bad", "") in {"1", "true"},
        )
        return Response(self.get_serializer(imported).data, status=201)


def _content(request: Request) -> tuple[BinaryIO, str]:
    """The file's bytes and its name, from a plain body or from the part `file`."""
    body: Any = request.data
    if isinstance(body, BytesIO):
        stream: Any = body
        size, name = body.getbuffer().nbytes, "api"
    else:
        given = body.get("file")
        if not isinstance(given, UploadedFile):
            raise ValidationError({"file": [_("Send the file as the part “file”.")]})
        size, stream, name = given.size or 0, given.file, given.name or "api"
    if size > LARGEST_UPLOAD:
        message = _("The file is larger than 64 MB. Export shorter periods, one file each.")
        raise ValidationError({"file": [message]})
    return stream, name
