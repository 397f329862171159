"""Job runs of all grants that one may see, over the API."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiParameter,
    extend_schema,
    extend_schema_field,
    extend_schema_view,
)
from rest_framework import mixins, serializers, viewsets

from compute_grants.api.allocations import UsageRecordSerializer
from compute_grants.models import UsageRecord
from compute_grants.queries import narrowing, usage
from compute_grants.queries.usage_charge import Line, Share, lines_of, shares_of
from consortium.http import actor


class UsageRunSerializer(serializers.ModelSerializer[UsageRecord]):
    """A run with the grant that it was charged to."""

    allocation = serializers.CharField(source="allocation.number", read_only=True)
    machine = serializers.CharField(source="allocation.resource.machine.code", read_only=True)

    class Meta:
        model = UsageRecord
        fields: tuple[str, ...] = (
            *("id", "allocation", "machine"),
            *UsageRecordSerializer.Meta.fields,
        )
        read_only_fields = fields


class ShareSerializer(serializers.Serializer[Share]):
    of = serializers.CharField()
    given = serializers.IntegerField(help_text="Cards, cores or bytes that the job was given")
    per_unit = serializers.IntegerField(help_text="So many count as one card or core")
    counts = serializers.IntegerField()
    decides = serializers.BooleanField()


class ChargeLineSerializer(serializers.Serializer[Line]):
    transfer = serializers.UUIDField(source="key")
    code = serializers.CharField()
    seconds = serializers.IntegerField(help_text="This run's part; negative: given back")
    posted_at = serializers.DateTimeField()


class UsageRunDetailSerializer(UsageRunSerializer):
    """A run with the rule that it was charged by, its shares and its postings."""

    charging_rule_since = serializers.DateField(source="charging_rule.since", default=None)
    charged_units = serializers.IntegerField()
    shares = serializers.SerializerMethodField()
    postings = serializers.SerializerMethodField()

    class Meta(UsageRunSerializer.Meta):
        fields: tuple[str, ...] = (
            *UsageRunSerializer.Meta.fields,
            *("qos", "memory_bytes", "charging_rule_since", "charged_units", "shares", "postings"),
        )
        read_only_fields = fields

    @extend_schema_field(ShareSerializer(many=True))
    def get_shares(self, run: UsageRecord) -> list[Any]:
        return [ShareSerializer(share).data for share in shares_of(run)]

    @extend_schema_field(ChargeLineSerializer(many=True))
    def get_postings(self, run: UsageRecord) -> list[Any]:
        return [ChargeLineSerializer(line).data for line in lines_of(run)]


NAMES = ("call", "machine", "centre", "institution", "kind", "stage", "precision", "source")


@extend_schema_view(
    list=extend_schema(
        summary="List the job runs of the grants you may see",
        parameters=[
            *(OpenApiParameter(name, str) for name in NAMES),
            OpenApiParameter("since", OpenApiTypes.DATE, description="First day, in Beijing"),
            OpenApiParameter("until", OpenApiTypes.DATE, description="Last day, in Beijing"),
        ],
    ),
    retrieve=extend_schema(
        summary="Read one job run, by which rule it was charged and its postings",
        responses=UsageRunDetailSerializer,
    ),
)
class UsageRunViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[UsageRecord]
):
    queryset = UsageRecord.objects.none()
    lookup_value_regex = r"\d{1,18}"

    def get_serializer_class(self) -> type[UsageRunSerializer]:
        return UsageRunDetailSerializer if self.action == "retrieve" else UsageRunSerializer

    def get_queryset(self) -> QuerySet[UsageRecord]:
        user = actor(self.request)
        if self.action == "retrieve":
            return usage.run_rows(user).select_related("charging_rule")
        rows, _terms = narrowing.runs(usage.run_rows(user), self.request.query_params, user)
        return rows
