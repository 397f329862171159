"""Models and checkpoints over the API. They are made by registering versions with MLflow."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from compute_grants.api.inputs import valid_input
from consortium.api.serializers import StrictSerializer
from consortium.http import actor
from registry.actions import checkpoints as actions
from registry.models import Checkpoint, CheckpointFile, DataSetUse, Lineage, Model


class ModelSerializer(serializers.ModelSerializer[Model]):
    lab = serializers.CharField(source="lab.slug", read_only=True)
    full_name = serializers.CharField(read_only=True)

    class Meta:
        model = Model
        fields: tuple[str, ...] = (
            *("id", "full_name", "lab", "slug", "kind", "name_en", "name_zh"),
            *("description_en", "description_zh", "created_at"),
        )
        read_only_fields = fields


class FileSerializer(serializers.ModelSerializer[CheckpointFile]):
    sha256 = serializers.CharField(read_only=True)

    class Meta:
        model = CheckpointFile
        fields: tuple[str, ...] = ("path", "size", "sha256")
        read_only_fields = fields


class DataSetSerializer(serializers.ModelSerializer[DataSetUse]):
    class Meta:
        model = DataSetUse
        fields: tuple[str, ...] = ("name", "use", "origin", "licence", "digest")
        read_only_fields = fields


class CheckpointSerializer(serializers.ModelSerializer[Checkpoint]):
    number = serializers.CharField(read_only=True)
    allocation = serializers.CharField(source="allocation.number", read_only=True, default=None)

    class Meta:
        model = Checkpoint
        fields: tuple[str, ...] = (
            *("id", "number", "version", "state", "manifest_root", "bytes_total", "format"),
            *("format_problem", "parameters", "precision", "step", "allocation", "card_seconds"),
            *("energy_joules", "energy_label", "metrics", "created_at"),
        )
        read_only_fields = fields


class CheckpointDetailSerializer(CheckpointSerializer):
    files = FileSerializer(many=True, read_only=True)
    data_sets = DataSetSerializer(many=True, read_only=True)
    parents = serializers.SerializerMethodField()

    class Meta(CheckpointSerializer.Meta):
        fields: tuple[str, ...] = (
            *CheckpointSerializer.Meta.fields,
            "files",
            "data_sets",
            "parents",
        )
        read_only_fields = fields

    def get_parents(self, checkpoint: Checkpoint) -> list[dict[str, str]]:
        seen = Checkpoint.objects.visible_to(self.context["request"].user).values("pk")
        rows = Lineage.objects.filter(child=checkpoint, parent__in=seen)
        return [
            {"number": row.parent.number, "relation": row.relation}
            for row in rows.select_related("parent__model__lab")
        ]


class DataSetInput(StrictSerializer):
    name = serializers.CharField(max_length=200)
    use = serializers.ChoiceField(choices=DataSetUse.Use.choices)
    origin = serializers.CharField(max_length=300)
    licence = serializers.CharField(max_length=120)


class RetireInput(StrictSerializer):
    reason = serializers.CharField(max_length=300)


class ModelViewSet(viewsets.ReadOnlyModelViewSet[Model]):
    """Models this reader sees."""

    queryset = Model.objects.none()
    serializer_class = ModelSerializer
    lookup_value_regex = "[0-9]{1,18}"

    def get_queryset(self) -> QuerySet[Model]:
        rows = Model.objects.visible_to(self.request.user).select_related("lab")
        return rows.order_by("lab__slug", "slug")


class CheckpointViewSet(viewsets.ReadOnlyModelViewSet[Checkpoint]):
    """Checkpoints this reader sees, each with its manifest."""

    queryset = Checkpoint.objects.none()
    lookup_value_regex = "[0-9]{1,18}"

    def get_serializer_class(self) -> type[serializers.BaseSerializer[Checkpoint]]:
        return CheckpointSerializer if self.action == "list" else CheckpointDetailSerializer

    def get_queryset(self) -> QuerySet[Checkpoint]:
        rows = Checkpoint.objects.visible_to(self.request.user)
        rows = rows.select_related("model__lab", "allocation").order_by("-pk")
        return rows if self.action == "list" else rows.prefetch_related("files", "data_sets")

    @extend_schema(request=DataSetInput, responses={200: DataSetSerializer})
    @action(detail=True, methods=["post"], url_path="set-data-set", url_name="set-data-set")
    def set_data_set(self, request: Request, **_kwargs: Any) -> Response:
        given = valid_input(DataSetInput, request)
        row = actions.set_data_set(self.get_object(), **given, by=actor(request))
        return Response(DataSetSerializer(row).data)

    @extend_schema(request=RetireInput, responses={200: CheckpointSerializer})
    @action(detail=True, methods=["post"])
    def retire(self, request: Request, **_kwargs: Any) -> Response:
        given = valid_input(RetireInput, request)
        checkpoint = actions.retire(self.get_object(), **given, by=actor(request))
        return Response(CheckpointSerializer(checkpoint).data)
