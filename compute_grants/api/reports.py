"""Reports on grants over the API: write, hand in, judge."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from compute_grants.actions import reports as actions
from compute_grants.api.inputs import valid_input
from compute_grants.models import GrantReport, ReportSubmission
from compute_grants.policies import reports as policy
from compute_grants.queries import reports as queries
from consortium.api.serializers import StrictSerializer
from consortium.http import actor

TEXT: dict[str, Any] = {"max_length": 20_000, "allow_blank": True, "required": False}


class ReportSerializer(serializers.ModelSerializer[GrantReport]):
    grant = serializers.CharField(source="allocation.number", read_only=True)
    machine = serializers.CharField(source="allocation.resource.machine.code", read_only=True)

    class Meta:
        model = GrantReport
        fields: tuple[str, ...] = (
            *("number", "grant", "machine", "kind", "state", "due_on", "version"),
            *("submitted_at", "judged_at"),
        )
        read_only_fields: tuple[str, ...] = fields


class ReportDetailSerializer(ReportSerializer):
    """The texts are empty for those who may not read them yet."""

    class Meta(ReportSerializer.Meta):
        fields = (*ReportSerializer.Meta.fields, *GrantReport.TEXTS, "judgement")
        read_only_fields = fields

    def to_representation(self, instance: GrantReport) -> dict[str, Any]:
        shown: dict[str, Any] = super().to_representation(instance)
        if not policy.can_read_text(actor(self.context["request"]), instance):
            shown |= dict.fromkeys(GrantReport.TEXTS, "")
        return shown


class ReportSubmissionSerializer(serializers.ModelSerializer[ReportSubmission]):
    class Meta:
        model = ReportSubmission
        fields = ("version", "content", "content_hash", "submitted_at")
        read_only_fields = fields


class SaveReportInput(StrictSerializer):
    """version: the one the texts were written against."""

    version = serializers.IntegerField(min_value=1)
    achievements = serializers.CharField(**TEXT)
    deviations = serializers.CharField(**TEXT)
    compute_use = serializers.CharField(**TEXT)
    energy_note = serializers.CharField(**TEXT)


class SubmitReportInput(StrictSerializer):
    version = serializers.IntegerField(min_value=1, required=False)


class AcceptReportInput(StrictSerializer):
    reason = serializers.CharField(max_length=4000, allow_blank=True, default="")


class ReturnReportInput(StrictSerializer):
    reason = serializers.CharField(max_length=4000)


class ExtendReportInput(StrictSerializer):
    due_on = serializers.DateField()
    reason = serializers.CharField(max_length=2000)


class WaiveReportInput(StrictSerializer):
    reason = serializers.CharField(max_length=2000)


@extend_schema_view(
    list=extend_schema(summary="List the reports of the grants you may see"),
    retrieve=extend_schema(summary="Read one report"),
)
class GrantReportViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[GrantReport]
):
    queryset = GrantReport.objects.none()
    lookup_field = "number"
    lookup_value_regex = r"[\w-]+"

    def get_queryset(self) -> QuerySet[GrantReport]:
        return queries.report_rows(actor(self.request))

    def get_serializer_class(self) -> type[ReportSerializer]:
        return ReportSerializer if self.action == "list" else ReportDetailSerializer

    def _answer(self, report: GrantReport) -> Response:
        return Response(self.get_serializer(self.get_queryset().get(pk=report.pk)).data)

    @extend_schema(
        summary="Save texts of a report",
        request=SaveReportInput,
        responses=ReportDetailSerializer,
    )
    def partial_update(self, request: Request, **_kwargs: Any) -> Response:
        data = valid_input(SaveReportInput, request)
        return self._answer(actions.save(self.get_object(), **data, by=actor(request)))

    @extend_schema(
        summary="Read what the ledger and the accounting say beside a report",
        responses=OpenApiTypes.OBJECT,
    )
    @action(detail=True, methods=["get"], pagination_class=None)
    def figures(self, _request: Request, **_kwargs: Any) -> Response:
        return Response(queries.figures(self.get_object().allocation).as_json())

    @extend_schema(
        summary="Hand a report in", request=SubmitReportInput, responses=ReportSubmissionSerializer
    )
    @action(detail=True, methods=["post"])
    def submit(self, request: Request, **_kwargs: Any) -> Response:
        data = valid_input(SubmitReportInput, request)
        submission = actions.submit(self.get_object(), **data, by=actor(request))
        return Response(ReportSubmissionSerializer(submission).data)

    @extend_schema(
        summary="Accept a report", request=AcceptReportInput, responses=ReportDetailSerializer
    )
    @action(detail=True, methods=["post"])
    def accept(self, request: Request, **_kwargs: Any) -> Response:
        data = valid_input(AcceptReportInput, request)
        return self._answer(actions.accept(self.get_object(), **data, by=actor(request)))

    @extend_schema(
        summary="Return a report for correction",
        request=ReturnReportInput,
        responses=ReportDetailSerializer,
    )
    @action(detail=True, methods=["post"], url_path="return", url_name="return")
    def send_back(self, request: Request, **_kwargs: Any) -> Response:
        data = valid_input(ReturnReportInput, request)
        return self._answer(actions.send_back(self.get_object(), **data, by=actor(request)))

    @extend_schema(
        summary="Give more time for a report",
        request=ExtendReportInput,
        responses=ReportDetailSerializer,
    )
    @action(detail=True, methods=["post"])
    def extend(self, request: Request, **_kwargs: Any) -> Response:
        data = valid_input(ExtendReportInput, request)
        return self._answer(actions.extend(self.get_object(), **data, by=actor(request)))

    @extend_schema(
        summary="Waive a report", request=WaiveReportInput, responses=ReportDetailSerializer
    )
    @action(detail=True, methods=["post"])
    def waive(self, request: Request, **_kwargs: Any) -> Response:
        data = valid_input(WaiveReportInput, request)
        return self._answer(actions.waive(self.get_object(), **data, by=actor(request)))
