"""Machines over the API. Quantities in the smallest unit: seconds, watts, bytes, gigaflops."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from compute_grants.actions import machines as actions
from compute_grants.api.account_adoption import MachineAccounts
from compute_grants.api.inputs import CODE, valid_input
from compute_grants.models import (
    Capacity,
    FusionStage,
    Machine,
    Origin,
    Partition,
    PeakRate,
    Precision,
    Resource,
)
from compute_grants.models.machines import CLUSTER_NAME
from compute_grants.queries.capacity_months import certified_rows
from consortium.api.serializers import StrictSerializer
from consortium.http import actor
from consortium.models import Institution


class PeakSerializer(serializers.ModelSerializer[PeakRate]):
    class Meta:
        model = PeakRate
        fields = ("precision", "gigaflops")
        read_only_fields = fields


class PartitionSerializer(serializers.ModelSerializer[Partition]):
    peaks = PeakSerializer(many=True, read_only=True)

    class Meta:
        model = Partition
        fields = (
            *("name", "nodes", "node_type", "accelerator", "accelerators_per_node"),
            *("accelerator_vendor", "accelerator_origin", "accelerator_memory_bytes"),
            *("cores_per_node", "memory_bytes_per_node", "max_wall_seconds", "max_nodes_per_job"),
            "peaks",
        )
        read_only_fields = fields


class ResourceSerializer(serializers.ModelSerializer[Resource]):
    class Meta:
        model = Resource
        fields = ("tres", "unit")
        read_only_fields = fields


class MachineSerializer(serializers.ModelSerializer[Machine]):
    centre = serializers.SlugRelatedField[Institution](slug_field="slug", read_only=True)
    partitions = PartitionSerializer(many=True, read_only=True)
    resources = ResourceSerializer(many=True, read_only=True)

    class Meta:
        model = Machine
        fields = (
            *("code", "centre", "name_en", "name_zh", "kind", "stages", "cluster", "backend"),
            "on_drift",
            *("state", "power_watts", "nodes", "cards", "cores", "memory_bytes", "storage_bytes"),
            *("fabric", "fabric_bits_per_second", "source", "site", "country", "listing"),
            *("rmax_gigaflops", "rpeak_gigaflops", "megaflops_per_watt"),
            *("description_en", "description_zh", "partitions", "resources"),
        )
        read_only_fields = fields


def _figure(most: int) -> serializers.IntegerField:
    """A figure that may be unknown: null."""
    return serializers.IntegerField(min_value=1, max_value=most, allow_null=True, default=None)


class MachineInput(StrictSerializer):
    code = serializers.SlugField(max_length=32)
    name_en = serializers.CharField(max_length=200)
    name_zh = serializers.CharField(max_length=200)
    kind = serializers.ChoiceField(choices=Machine.Kind.choices)
    cluster = serializers.CharField(max_length=31, validators=[CLUSTER_NAME])
    backend = serializers.ChoiceField(choices=Machine.Backend.choices, default="memory")
    on_drift = serializers.ChoiceField(choices=Machine.OnDrift.choices, default="report")
    stages = serializers.ListField(
        child=serializers.ChoiceField(choices=FusionStage.choices), default=list
    )
    power_watts = serializers.IntegerField(min_value=1, max_value=10**10)
    nodes = serializers.IntegerField(min_value=0, max_value=10**7)
    cards = serializers.IntegerField(min_value=0, max_value=10**8)
    cores = serializers.IntegerField(min_value=0, max_value=2 * 10**9)
    memory_bytes = _figure(10**18)
    storage_bytes = _figure(9 * 10**18)
    fabric = serializers.CharField(max_length=80, allow_blank=True, default="")
    fabric_bits_per_second = _figure(10**15)
    source = serializers.CharField(max_length=300)  # type: ignore[assignment]
    listing = serializers.CharField(max_length=80, allow_blank=True, default="")
    rmax_gigaflops = _figure(10**12)
    rpeak_gigaflops = _figure(10**12)
    megaflops_per_watt = _figure(10**9)
    description_en = serializers.CharField(max_length=20_000, allow_blank=True, default="")
    description_zh = serializers.CharField(max_length=20_000, allow_blank=True, default="")


class NewMachineInput(MachineInput):
    centre = serializers.SlugRelatedField(slug_field="slug", queryset=Institution.objects.all())


class PartitionInput(StrictSerializer):
    """node_type: as the accelerators say, where it is not given."""

    name = serializers.CharField(max_length=40)
    nodes = serializers.IntegerField(min_value=1, max_value=10**7)
    node_type = serializers.ChoiceField(choices=Partition.NodeType.choices, required=False)
    accelerator = serializers.CharField(max_length=80, allow_blank=True, default="")
    accelerators_per_node = serializers.IntegerField(min_value=0, max_value=1024, default=0)
    accelerator_vendor = serializers.CharField(max_length=80, allow_blank=True, default="")
    accelerator_origin = serializers.ChoiceField(
        choices=Origin.choices, allow_blank=True, default=""
    )
    accelerator_memory_bytes = _figure(10**15)
    cores_per_node = serializers.IntegerField(min_value=1, max_value=10**6)
    memory_bytes_per_node = serializers.IntegerField(min_value=1, max_value=10**15)
    max_wall_seconds = serializers.IntegerField(min_value=60, max_value=366 * 86_400)
    max_nodes_per_job = _figure(10**7)


class PartitionChange(PartitionInput):
    """The partition of this name; what is left out stays. new_name: of a draft's."""

    new_name = serializers.CharField(max_length=40, required=False)


class PeakInput(StrictSerializer):
    partition = serializers.CharField(max_length=40)
    precision = serializers.ChoiceField(choices=Precision.choices)
    gigaflops = serializers.IntegerField(min_value=1, max_value=10**12)


class ResourceInput(StrictSerializer):
    tres = serializers.ChoiceField(choices=Resource.Tres.choices)


class CapacityInput(ResourceInput):
    month = serializers.DateField(help_text="Any day of the month.")
    seconds = serializers.IntegerField(min_value=1, max_value=10**16)


class CapacitySerializer(serializers.ModelSerializer[Capacity]):
    class Meta:
        model = Capacity
        fields = ("month", "seconds", "certified_at")
        read_only_fields = fields


class CapacityMonth(serializers.Serializer[Any]):
    tres = serializers.CharField(source="capacity.resource.tres")
    month = serializers.DateField(source="capacity.month")
    seconds = serializers.IntegerField(source="capacity.seconds")
    hardware_seconds = serializers.IntegerField(source="hardware")
    certified_at = serializers.DateTimeField(source="capacity.certified_at")


class StateInput(StrictSerializer):
    state = serializers.ChoiceField(choices=Machine.State.choices)


class MachineViewSet(
    MachineAccounts,
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    viewsets.GenericViewSet[Machine],
):
    """Read machines; their centre's operators change them through named actions."""

    queryset = Machine.objects.none()
    serializer_class = MachineSerializer
    lookup_field = "code"
    lookup_value_regex = CODE

    def get_queryset(self) -> QuerySet[Machine]:
        visible = Machine.objects.visible_to(self.request.user).select_related("centre")
        return visible.prefetch_related("partitions__peaks", "resources").order_by("pk")

    def _answer(self, machine: Machine, code: int = status.HTTP_200_OK) -> Response:
        fresh = self.get_queryset().get(pk=machine.pk)
        return Response(self.get_serializer(fresh).data, status=code)

    @extend_schema(request=NewMachineInput, responses={201: MachineSerializer})
    def create(self, request: Request) -> Response:
        data = valid_input(NewMachineInput, request)
        machine = actions.create(**data, by=actor(request))
        return self._answer(machine, status.HTTP_201_CREATED)

    @extend_schema(request=MachineInput, responses=MachineSerializer)
    def partial_update(self, request: Request, **_kwargs: Any) -> Response:
        machine = self.get_object()
        data = valid_input(MachineInput, request, partial=True)
        return self._answer(actions.edit(machine, **data, by=actor(request)))

    @extend_schema(request=PartitionInput, responses=MachineSerializer)
    @action(detail=True, methods=["post"])
    def partitions(self, request: Request, **_kwargs: Any) -> Response:
        machine = self.get_object()
        actions.add_partition(machine, **valid_input(PartitionInput, request), by=actor(request))
        return self._answer(machine)

    @extend_schema(request=PartitionChange, responses=MachineSerializer)
    @action(detail=True, methods=["post"], url_path="change-partition", url_name="change-partition")
    def change_partition(self, request: Request, **_kwargs: Any) -> Response:
        machine = self.get_object()
        data = valid_input(PartitionChange, request, partial=True)
        partition = get_object_or_404(machine.partitions, name=data.pop("name", ""))
        if new_name := data.pop("new_name", ""):
            data["name"] = new_name
        actions.change_partition(partition, **data, by=actor(request))
        return self._answer(machine)

    @extend_schema(request=PeakInput, responses=MachineSerializer)
    @action(detail=True, methods=["post"])
    def peaks(self, request: Request, **_kwargs: Any) -> Response:
        machine = self.get_object()
        data = valid_input(PeakInput, request)
        partition = get_object_or_404(machine.partitions, name=data.pop("partition"))
        actions.set_peak(partition, **data, by=actor(request))
        return self._answer(machine)

    @extend_schema(request=ResourceInput, responses=MachineSerializer)
    @action(detail=True, methods=["post"])
    def resources(self, request: Request, **_kwargs: Any) -> Response:
        machine = self.get_object()
        actions.add_resource(machine, **valid_input(ResourceInput, request), by=actor(request))
        return self._answer(machine)

    @extend_schema(responses=CapacityMonth(many=True))
    @action(detail=True, pagination_class=None)
    def months(self, _request: Request, **_kwargs: Any) -> Response:
        """Every month the centre certified, by resource, the latest first."""
        rows = [month for each in certified_rows(self.get_object()) for month in each.months]
        return Response(CapacityMonth(rows, many=True).data)

    @extend_schema(request=CapacityInput, responses=CapacitySerializer)
    @action(detail=True, methods=["post"])
    def certify(self, request: Request, **_kwargs: Any) -> Response:
        machine = self.get_object()
        data = valid_input(CapacityInput, request)
        resource = get_object_or_404(machine.resources, tres=data.pop("tres"))
        capacity = actions.certify(resource, **data, by=actor(request))
        return Response(CapacitySerializer(capacity).data)

    @extend_schema(request=None, responses=MachineSerializer)
    @action(detail=True, methods=["post"])
    def publish(self, request: Request, **_kwargs: Any) -> Response:
        return self._answer(actions.publish(self.get_object(), by=actor(request)))

    @extend_schema(request=StateInput, responses=MachineSerializer)
    @action(detail=True, methods=["post"], url_path="set-state", url_name="set-state")
    def set_state(self, request: Request, **_kwargs: Any) -> Response:
        machine = self.get_object()
        data = valid_input(StateInput, request)
        return self._answer(actions.set_state(machine, **data, by=actor(request)))
