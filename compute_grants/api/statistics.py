"""Reports for funders and centres over the API: the same queries as the pages."""

from typing import Any

from django.http import Http404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from compute_grants.forms.statistics import ScopeForm
from compute_grants.policies import statistics as policy
from compute_grants.queries import statistics as queries
from consortium.errors import Invalid
from consortium.http import actor

FILTERS = [
    OpenApiParameter("call", str, description="A call's code"),
    OpenApiParameter("centre", str, description="A centre's slug"),
    OpenApiParameter("machine", str, description="A machine's code"),
    OpenApiParameter("since", OpenApiTypes.DATE, description="First day, in Beijing"),
    OpenApiParameter("until", OpenApiTypes.DATE, description="Last day, in Beijing"),
]


class StatisticsEntrySerializer(serializers.Serializer[Any]):
    slug = serializers.CharField(read_only=True)
    title = serializers.CharField(read_only=True)
    lede = serializers.CharField(read_only=True)


class StatisticsColumnSerializer(serializers.Serializer[Any]):
    key = serializers.CharField(read_only=True)
    name = serializers.CharField(source="label", read_only=True)
    kind = serializers.CharField(read_only=True)


class StatisticsTableSerializer(serializers.Serializer[Any]):
    """rows: one object a line with the columns' keys; null where there is nothing to say or the
    cell counts fewer than three and the reader stands outside."""

    key = serializers.CharField(read_only=True)
    caption = serializers.CharField(read_only=True)
    columns = StatisticsColumnSerializer(many=True, read_only=True)
    rows = serializers.ListField(child=serializers.DictField(), source="values", read_only=True)


class StatisticsTermSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(read_only=True)
    meaning = serializers.CharField(read_only=True)


class StatisticsSerializer(serializers.Serializer[Any]):
    """Hours are seconds of the unit in the key; energy is joules; shares are fractions of 1."""

    slug = serializers.CharField(read_only=True)
    title = serializers.CharField(read_only=True)
    told_by = serializers.CharField(source="source", read_only=True)
    as_of = serializers.DateTimeField(read_only=True, allow_null=True)
    tables = StatisticsTableSerializer(many=True, read_only=True)
    terms = StatisticsTermSerializer(many=True, read_only=True)


class StatisticsViewSet(viewsets.ViewSet):
    lookup_field = "slug"
    lookup_value_regex = r"[-a-z]+"

    @extend_schema(
        summary="List the reports for funders and centres",
        responses=StatisticsEntrySerializer(many=True),
    )
    def list(self, request: Request) -> Response:
        policy.can_read(actor(request)).require()
        return Response(StatisticsEntrySerializer(queries.index(), many=True).data)

    @extend_schema(summary="Read one report", parameters=FILTERS, responses=StatisticsSerializer)
    def retrieve(self, request: Request, slug: str) -> Response:
        """Every figure of the page. Centres read their own machines' figures."""
        user = actor(request)
        form = ScopeForm(request.query_params, reader=policy.reader(user))
        if slug not in queries.REPORTS:
            raise Http404
        if not form.is_valid():
            raise Invalid({name: [str(e) for e in errors] for name, errors in form.errors.items()})
        return Response(StatisticsSerializer(queries.read(slug, user, form.asked)).data)
