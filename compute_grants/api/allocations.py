"""Grants over the API: balances as a feed, job runs, members and states."""

from typing import Any

from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from compute_grants import exports
from compute_grants.actions import allocations as actions
from compute_grants.api.account_adoption import AdoptAction
from compute_grants.api.grant_life import LifeActions
from compute_grants.models import Allocation, AllocationMember, UsageRecord
from compute_grants.queries import allocations as queries
from consortium.api.serializers import StrictSerializer
from consortium.http import actor
from consortium.models import User


class AllocationSerializer(serializers.ModelSerializer[Allocation]):
    """Amounts are seconds of `unit`; left_seconds is negative when overused."""

    proposal = serializers.CharField(source="proposal.number", read_only=True)
    title_en = serializers.CharField(source="proposal.title_en", read_only=True)
    title_zh = serializers.CharField(source="proposal.title_zh", read_only=True)
    institution = serializers.CharField(source="proposal.institution.slug", read_only=True)
    machine = serializers.CharField(source="resource.machine.code", read_only=True)
    unit = serializers.CharField(source="resource.unit", read_only=True)
    granted_seconds = serializers.IntegerField(source="seconds", read_only=True)
    used_seconds = serializers.SerializerMethodField()
    left_seconds = serializers.SerializerMethodField()

    class Meta:
        model = Allocation
        fields = (
            *("number", "proposal", "title_en", "title_zh", "institution", "machine", "unit"),
            *("state", "starts_on", "ends_on", "slurm_account", "granted_seconds"),
            *("used_seconds", "left_seconds"),
        )
        read_only_fields = fields

    def get_left_seconds(self, row: Allocation) -> int:
        return row.account.available if row.account else row.seconds

    def get_used_seconds(self, row: Allocation) -> int:
        return row.seconds - self.get_left_seconds(row)


class UsageRecordSerializer(serializers.ModelSerializer[UsageRecord]):
    class Meta:
        model = UsageRecord
        fields = (
            *("cluster", "job_id_raw", "job_id", "submit_at", "account", "cluster_user"),
            *("partition", "job_state", "job_name", "stage", "start_at", "end_at"),
            *("elapsed_seconds", "card_seconds", "core_seconds", "charged"),
            *("energy_joules", "energy_source"),
        )
        read_only_fields = fields


class MemberSerializer(serializers.ModelSerializer[AllocationMember]):
    email = serializers.CharField(source="user.email", read_only=True)

    class Meta:
        model = AllocationMember
        fields = ("email", "cluster_user", "since", "state")
        read_only_fields = fields


class _PersonField(serializers.SlugRelatedField[User]):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(slug_field="email", queryset=User.objects.filter(is_active=True), **kwargs)


class AddMemberSerializer(StrictSerializer):
    email = _PersonField()
    cluster_user = serializers.CharField(max_length=31, required=False, default="")


class RemoveMemberSerializer(StrictSerializer):
    email = _PersonField()


class ReasonSerializer(StrictSerializer):
    reason = serializers.CharField(max_length=300)


@extend_schema_view(
    list=extend_schema(summary="List the grants you may see, with their balances"),
    retrieve=extend_schema(summary="Read one grant"),
)
class AllocationViewSet(
    LifeActions,
    AdoptAction,
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    viewsets.GenericViewSet[Allocation],
):
    queryset = Allocation.objects.none()
    serializer_class = AllocationSerializer
    lookup_field = "number"
    lookup_value_regex = r"[\w-]+"

    def get_queryset(self) -> QuerySet[Allocation]:
        return Allocation.objects.visible_to(actor(self.request)).shown().order_by("number")

    @extend_schema(summary="List a grant's job runs", responses=UsageRecordSerializer(many=True))
    @action(detail=True, methods=["get"], serializer_class=UsageRecordSerializer)
    def usage(self, _request: Request, **_kwargs: Any) -> Response:
        runs = self.get_object().usage.order_by("-used_at", "-pk")
        page = self.paginate_queryset(runs)  # type: ignore[arg-type]  # rows of another model
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(
        summary="Download a grant's job runs as CSV",
        responses={(200, "text/csv"): OpenApiTypes.STR},
    )
    @action(detail=True, methods=["get"], url_path="usage.csv", url_name="usage-csv")
    def usage_csv(self, request: Request, **_kwargs: Any) -> StreamingHttpResponse:
        found = self.get_object()
        runs = found.usage.order_by("-used_at", "-pk")
        return exports.usage_csv(request._request, found, runs)  # noqa: SLF001  DRF's own way

    @extend_schema(summary="List a grant's members", responses=MemberSerializer(many=True))
    @action(detail=True, methods=["get"], pagination_class=None)
    def members(self, _request: Request, **_kwargs: Any) -> Response:
        rows = self.get_object().members.filter(until__isnull=True).select_related("user")
        return Response(MemberSerializer(rows, many=True).data)

    @extend_schema(
        summary="Add a member", request=AddMemberSerializer, responses={201: MemberSerializer}
    )
    @action(detail=True, methods=["post"], url_path="add-member")
    def add_member(self, request: Request, **_kwargs: Any) -> Response:
        data = AddMemberSerializer(data=request.data)
        data.is_valid(raise_exception=True)
        row = actions.add_member(
            self.get_object(),
            user=data.validated_data["email"],
            cluster_user=data.validated_data["cluster_user"],
            by=actor(request),
        )
        return Response(MemberSerializer(row).data, status=201)

    @extend_schema(summary="Remove a member", request=RemoveMemberSerializer, responses={204: None})
    @action(detail=True, methods=["post"], url_path="remove-member")
    def remove_member(self, request: Request, **_kwargs: Any) -> Response:
        data = RemoveMemberSerializer(data=request.data)
        data.is_valid(raise_exception=True)
        actions.remove_member(
            self.get_object(), user=data.validated_data["email"], by=actor(request)
        )
        return Response(status=204)

    @extend_schema(summary="Suspend a grant", request=ReasonSerializer)
    @action(detail=True, methods=["post"])
    def suspend(self, request: Request, **_kwargs: Any) -> Response:
        row = actions.suspend(self.get_object(), **self._reason(request), by=actor(request))
        return self._changed(row)

    @extend_schema(summary="Close a grant for good", request=ReasonSerializer)
    @action(detail=True, methods=["post"])
    def close(self, request: Request, **_kwargs: Any) -> Response:
        row = actions.close(self.get_object(), **self._reason(request), by=actor(request))
        return self._changed(row)

    @extend_schema(summary="Resume a suspended grant", request=None)
    @action(detail=True, methods=["post"])
    def resume(self, request: Request, **_kwargs: Any) -> Response:
        return self._changed(actions.resume(self.get_object(), by=actor(request)))

    @extend_schema(
        summary="Read how a grant's hours were used by day",
        responses=OpenApiTypes.OBJECT,
    )
    @action(detail=True, methods=["get"], url_path="burn-down", pagination_class=None)
    def burn_down(self, _request: Request, **_kwargs: Any) -> Response:
        burn = queries.burn_down(self.get_object())
        return Response(
            {
                "as_of": burn.as_of,
                "state": burn.pace.state,
                "runs_out_on": burn.pace.runs_out_on,
                "days": [
                    {"day": p.day, "used_seconds": p.used, "left_seconds": p.left}
                    for p in burn.points
                ],
            }
        )

    @staticmethod
    def _reason(request: Request) -> dict[str, str]:
        data = ReasonSerializer(data=request.data)
        data.is_valid(raise_exception=True)
        return dict(data.validated_data)

    def _changed(self, row: Allocation) -> Response:
        return Response(self.get_serializer(self.get_queryset().get(pk=row.pk)).data)
