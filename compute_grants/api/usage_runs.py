"""Job runs of all grants that one may see, over the API."""

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import mixins, serializers, viewsets

from compute_grants.api.allocations import UsageRecordSerializer
from compute_grants.models import UsageRecord
from compute_grants.queries import narrowing, usage
from consortium.http import actor


class UsageRunSerializer(serializers.ModelSerializer[UsageRecord]):
    """A run with the grant that it was charged to."""

    allocation = serializers.CharField(source="allocation.number", read_only=True)
    machine = serializers.CharField(source="allocation.resource.machine.code", read_only=True)

    class Meta:
        model = UsageRecord
        fields = ("allocation", "machine", *UsageRecordSerializer.Meta.fields)
        read_only_fields = fields


NAMES = ("call", "machine", "centre", "institution", "kind", "stage", "precision", "source")


@extend_schema_view(
    list=extend_schema(
        summary="List the job runs of the grants you may see",
        parameters=[
            *(OpenApiParameter(name, str) for name in NAMES),
            OpenApiParameter("since", OpenApiTypes.DATE, description="First day, in Beijing"),
            OpenApiParameter("until", OpenApiTypes.DATE, description="Last day, in Beijing"),
        ],
    )
)
class UsageRunViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[UsageRecord]):
    queryset = UsageRecord.objects.none()
    serializer_class = UsageRunSerializer

    def get_queryset(self) -> QuerySet[UsageRecord]:
        user = actor(self.request)
        rows, _terms = narrowing.runs(usage.run_rows(user), self.request.query_params, user)
        return rows
