"""Research releases over the API: drafted, checked, sent to review, decided, withdrawn."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from compute_grants.api.inputs import valid_input
from consortium.api.serializers import StrictSerializer
from consortium.http import actor
from consortium.models import Institution
from registry import release_checks
from registry.actions import releases as actions
from registry.api.models import FileSerializer
from registry.models import Checkpoint, ResearchRelease

TEXT: dict[str, Any] = {"max_length": 100_000, "required": False, "allow_blank": True}


class ReleaseSerializer(serializers.ModelSerializer[ResearchRelease]):
    model = serializers.CharField(source="model.full_name", read_only=True)
    checkpoint = serializers.IntegerField(source="checkpoint_id", read_only=True)
    manifest_root = serializers.CharField(source="checkpoint.manifest_root", read_only=True)

    class Meta:
        model = ResearchRelease
        fields: tuple[str, ...] = (
            *("id", "model", "version", "state", "checkpoint", "manifest_root", "licence"),
            *("audience", "card_en", "card_zh", "notes_en", "notes_zh", "citation", "revision"),
            *("embargo_until", "released_at", "withdrawn_at", "withdrawal_reason"),
        )
        read_only_fields = fields


class ReleaseDetailSerializer(ReleaseSerializer):
    files = FileSerializer(source="checkpoint.files", many=True, read_only=True)
    checks = serializers.SerializerMethodField()

    class Meta(ReleaseSerializer.Meta):
        fields: tuple[str, ...] = (*ReleaseSerializer.Meta.fields, "files", "checks")
        read_only_fields = fields

    def get_checks(self, release: ResearchRelease) -> list[dict[str, Any]]:
        return [
            {"code": r.code, "ok": r.ok, "advice": r.advice, "title": r.title, "message": r.message}
            for r in release_checks.read(release.checks)
        ]


class DraftInput(StrictSerializer):
    checkpoint = serializers.IntegerField(min_value=1, max_value=2**62)
    version = serializers.CharField(max_length=40)


class EditInput(StrictSerializer):
    revision = serializers.IntegerField(min_value=1, max_value=2**31 - 1)
    licence = serializers.CharField(max_length=120, required=False, allow_blank=True)
    audience = serializers.ChoiceField(choices=ResearchRelease.Audience.choices, required=False)
    institutions = serializers.ListField(
        child=serializers.SlugField(max_length=40), required=False, max_length=500
    )
    card_en = serializers.CharField(**TEXT)
    card_zh = serializers.CharField(**TEXT)
    notes_en = serializers.CharField(**TEXT)
    notes_zh = serializers.CharField(**TEXT)
    citation = serializers.CharField(**TEXT)


class ApproveInput(StrictSerializer):
    note = serializers.CharField(max_length=20_000, required=False, allow_blank=True)
    embargo_until = serializers.DateTimeField(required=False)


class NoteInput(StrictSerializer):
    note = serializers.CharField(max_length=20_000)


class ReleaseWithdrawInput(StrictSerializer):
    reason = serializers.CharField(max_length=300)


class ReleaseViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[ResearchRelease]
):
    """Releases this reader sees; changed only through named actions."""

    queryset = ResearchRelease.objects.none()
    lookup_value_regex = "[0-9]{1,18}"

    def get_serializer_class(self) -> type[serializers.BaseSerializer[ResearchRelease]]:
        return ReleaseSerializer if self.action == "list" else ReleaseDetailSerializer

    def get_queryset(self) -> QuerySet[ResearchRelease]:
        rows = ResearchRelease.objects.visible_to(self.request.user)
        return rows.select_related("model__lab__institution", "checkpoint").order_by("-pk")

    @extend_schema(request=DraftInput, responses={201: ReleaseDetailSerializer})
    def create(self, request: Request) -> Response:
        given = valid_input(DraftInput, request)
        seen = Checkpoint.objects.visible_to(actor(request))
        checkpoint = get_object_or_404(seen, pk=given["checkpoint"])
        made = actions.draft(checkpoint, version=given["version"], by=actor(request))
        return Response(ReleaseDetailSerializer(made).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=EditInput, responses={200: ReleaseDetailSerializer})
    @action(detail=True, methods=["post"])
    def edit(self, request: Request, **_kwargs: Any) -> Response:
        given = valid_input(EditInput, request)
        if (named := given.pop("institutions", None)) is not None:
            given["institutions"] = list(Institution.objects.filter(slug__in=named))
        return self._done(actions.edit(self.get_object(), **given, by=actor(request)))

    @extend_schema(request=None, responses={200: ReleaseDetailSerializer})
    @action(detail=True, methods=["post"])
    def check(self, request: Request, **_kwargs: Any) -> Response:
        return self._done(actions.check(self.get_object(), by=actor(request)))

    @extend_schema(request=None, responses={200: ReleaseDetailSerializer})
    @action(detail=True, methods=["post"])
    def submit(self, request: Request, **_kwargs: Any) -> Response:
        return self._done(actions.submit(self.get_object(), by=actor(request)))

    @extend_schema(request=ApproveInput, responses={200: ReleaseDetailSerializer})
    @action(detail=True, methods=["post"])
    def approve(self, request: Request, **_kwargs: Any) -> Response:
        given = valid_input(ApproveInput, request)
        return self._done(actions.approve(self.get_object(), **given, by=actor(request)))

    @extend_schema(request=NoteInput, responses={200: ReleaseDetailSerializer})
    @action(detail=True, methods=["post"], url_path="send-back", url_name="send-back")
    def send_back(self, request: Request, **_kwargs: Any) -> Response:
        given = valid_input(NoteInput, request)
        return self._done(actions.send_back(self.get_object(), **given, by=actor(request)))

    @extend_schema(request=ReleaseWithdrawInput, responses={200: ReleaseDetailSerializer})
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, **_kwargs: Any) -> Response:
        given = valid_input(ReleaseWithdrawInput, request)
        return self._done(actions.withdraw(self.get_object(), **given, by=actor(request)))

    @staticmethod
    def _done(release: ResearchRelease) -> Response:
        return Response(ReleaseDetailSerializer(release).data)
