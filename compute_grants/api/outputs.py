"""Outputs of grants over the API."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from compute_grants.actions import outputs as actions
from compute_grants.api.inputs import valid_input
from compute_grants.models import Allocation, GrantReport, Output, OutputAuthor
from compute_grants.queries import outputs as queries
from consortium.api.serializers import StrictSerializer
from consortium.http import actor

MOST_AUTHORS = 3000
MOST_GRANTS = 100


class AuthorSerializer(serializers.ModelSerializer[OutputAuthor]):
    class Meta:
        model = OutputAuthor
        fields = ("name", "orcid")
        read_only_fields = fields


class OutputSerializer(serializers.ModelSerializer[Output]):
    authors = AuthorSerializer(many=True, read_only=True)
    grants = serializers.SlugRelatedField[Allocation](
        slug_field="number", many=True, read_only=True
    )
    report = serializers.CharField(source="report.number", read_only=True, default=None)

    class Meta:
        model = Output
        fields = (
            *("number", "kind", "title", "authors", "venue", "year", "doi", "url", "licence"),
            *("grants", "report", "added_at"),
        )
        read_only_fields = fields


class AuthorInput(StrictSerializer):
    name = serializers.CharField(max_length=120)
    orcid = serializers.CharField(max_length=60, allow_blank=True, default="")


class OutputInput(StrictSerializer):
    """doi and orcid in any usual form; they are stored in one."""

    kind = serializers.ChoiceField(choices=Output.Kind.choices)
    title = serializers.CharField(max_length=400)
    authors = serializers.ListField(child=AuthorInput(), min_length=1, max_length=MOST_AUTHORS)
    year = serializers.IntegerField(min_value=1, max_value=9999)
    venue = serializers.CharField(max_length=200, allow_blank=True, default="")
    doi = serializers.CharField(max_length=300, allow_blank=True, default="")
    url = serializers.URLField(max_length=500, allow_blank=True, default="")
    licence = serializers.CharField(max_length=60, allow_blank=True, default="")
    grants = serializers.ListField(
        child=serializers.SlugField(max_length=20), min_length=1, max_length=MOST_GRANTS
    )
    report = serializers.SlugField(max_length=20, required=False, allow_null=True, default=None)


@extend_schema_view(
    list=extend_schema(summary="List what came of the grants you may see"),
    retrieve=extend_schema(summary="Read one output"),
)
class OutputViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Output]
):
    queryset = Output.objects.none()
    serializer_class = OutputSerializer
    lookup_field = "number"
    lookup_value_regex = r"[\w-]+"

    def get_queryset(self) -> QuerySet[Output]:
        return queries.output_rows(actor(self.request))

    def _answer(self, output: Output, code: int = status.HTTP_200_OK) -> Response:
        fresh = self.get_queryset().get(pk=output.pk)
        return Response(self.get_serializer(fresh).data, status=code)

    @extend_schema(
        summary="Record an output", request=OutputInput, responses={201: OutputSerializer}
    )
    def create(self, request: Request) -> Response:
        work, grants, report = self._given(request)
        output = actions.add(work, grants=grants, report=report, by=actor(request))
        return self._answer(output, status.HTTP_201_CREATED)

    @extend_schema(summary="Put an output right", request=OutputInput, responses=OutputSerializer)
    def update(self, request: Request, **_kwargs: Any) -> Response:
        output = self.get_object()
        work, grants, report = self._given(request)
        output = actions.change(output, work, grants=grants, report=report, by=actor(request))
        return self._answer(output)

    @extend_schema(summary="Take an output back", request=None, responses={204: None})
    @action(detail=True, methods=["post"])
    def remove(self, request: Request, **_kwargs: Any) -> Response:
        actions.remove(self.get_object(), by=actor(request))
        return Response(status=status.HTTP_204_NO_CONTENT)

    @staticmethod
    def _given(request: Request) -> tuple[actions.Work, list[Allocation], GrantReport | None]:
        """What was sent; Http404 for a grant or report that this person does not see."""
        data = valid_input(OutputInput, request)
        seen = Allocation.objects.visible_to(actor(request))
        grants = [get_object_or_404(seen, number=number) for number in data.pop("grants")]
        number = data.pop("report")
        reports = GrantReport.objects.visible_to(actor(request))
        report = get_object_or_404(reports, number=number) if number else None
        authors = [actions.Author(row["name"], row["orcid"]) for row in data.pop("authors")]
        return actions.Work(**data, authors=authors), grants, report
