"""Technology transfers over the API: asked for, checked, approved by both arms, consented to."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema, extend_schema_field, extend_schema_view
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from compute_grants.api.inputs import CODE, valid_input
from consortium.api.reauthentication import require_recent_proof
from consortium.api.serializers import StrictSerializer
from consortium.http import actor
from consortium.models import Institution
from registry.actions import gate_approval
from registry.actions import gates as actions
from registry.models import (
    Contribution,
    GateApproval,
    GateCheck,
    GateConsent,
    ResearchRelease,
    TransferGate,
)
from registry.queries import transfers

PROSE: dict[str, Any] = {"max_length": 20_000}
OPTIONAL_PROSE: dict[str, Any] = {**PROSE, "required": False, "allow_blank": True, "default": ""}


class TransferSerializer(serializers.ModelSerializer[TransferGate]):
    release = serializers.IntegerField(source="release_id", read_only=True)
    checkpoint = serializers.CharField(source="checkpoint.number", read_only=True)
    lab = serializers.CharField(source="checkpoint.model.lab.slug", read_only=True)
    requested_by = serializers.CharField(source="requested_by.name", read_only=True)

    class Meta:
        model = TransferGate
        fields: tuple[str, ...] = (
            *("number", "state", "release", "checkpoint", "lab", "manifest_root"),
            *("purpose_en", "purpose_zh", "requested_by", "requested_at"),
            *("ended_reason", "certified_at"),
        )
        read_only_fields = fields


class TransferCheckSerializer(serializers.ModelSerializer[GateCheck]):
    class Meta:
        model = GateCheck
        fields = ("code", "passed", "automatic", "evidence", "checked_at")
        read_only_fields = fields


class TransferApprovalSerializer(serializers.ModelSerializer[GateApproval]):
    by = serializers.CharField(source="by.name", read_only=True)

    class Meta:
        model = GateApproval
        fields = ("arm", "manifest_root", "note", "by", "at")
        read_only_fields = fields


class TransferConsentSerializer(serializers.Serializer[Any]):
    """What a contributing institution said; verdict null: it has not answered."""

    institution = serializers.CharField(source="institution.slug", read_only=True)
    verdict = serializers.ChoiceField(
        source="consent.verdict",
        choices=GateConsent.Verdict.choices,
        read_only=True,
        default=None,
        allow_null=True,
    )
    reason = serializers.CharField(source="consent.reason", read_only=True, default="")
    by = serializers.CharField(source="consent.by.name", read_only=True, default=None)
    at = serializers.DateTimeField(source="consent.at", read_only=True, default=None)


class ContributionSerializer(serializers.ModelSerializer[Contribution]):
    institution = serializers.CharField(source="institution.slug", read_only=True)

    class Meta:
        model = Contribution
        fields = ("institution", "kind", "amount", "unit")
        read_only_fields = fields


class TransferDetailSerializer(TransferSerializer):
    """snapshot_digest: sha256 of the contributions, which the consents are about.
    certificate: the JSON JWS exactly as both arms' keys signed it; empty before."""

    checks = TransferCheckSerializer(many=True, read_only=True)
    approvals = TransferApprovalSerializer(many=True, read_only=True)
    consents = serializers.SerializerMethodField()
    contributions = serializers.SerializerMethodField()
    snapshot_digest = serializers.CharField(source="snapshot.digest", read_only=True, default="")

    class Meta(TransferSerializer.Meta):
        fields: tuple[str, ...] = (
            *TransferSerializer.Meta.fields,
            *("statements", "checks", "approvals", "consents", "contributions"),
            *("snapshot_digest", "certificate"),
        )
        read_only_fields = fields

    @extend_schema_field(TransferConsentSerializer(many=True))
    def get_consents(self, gate: TransferGate) -> Any:
        return TransferConsentSerializer(transfers.answers(gate), many=True).data

    @extend_schema_field(ContributionSerializer(many=True))
    def get_contributions(self, gate: TransferGate) -> Any:
        return ContributionSerializer(transfers.contributions(gate), many=True).data


class StatementsInput(StrictSerializer):
    """What the requester states for each check that no fact decides."""

    data_rights = serializers.CharField(**PROSE, required=False, allow_blank=True)
    export = serializers.CharField(**PROSE, required=False, allow_blank=True)
    filing = serializers.CharField(**PROSE, required=False, allow_blank=True)


class RestateInput(StrictSerializer):
    """What is left out stays as it was stated."""

    statements = StatementsInput()


class TransferRequestInput(StrictSerializer):
    """release: its id."""

    release = serializers.IntegerField(min_value=1, max_value=2**62)
    purpose_en = serializers.CharField(**OPTIONAL_PROSE)
    purpose_zh = serializers.CharField(**OPTIONAL_PROSE)
    statements = StatementsInput(required=False, default=dict)


class ApprovalInput(StrictSerializer):
    note = serializers.CharField(**OPTIONAL_PROSE)


class ConsentInput(StrictSerializer):
    """institution: the slug of the one spoken for. reason: an objection needs one."""

    institution = serializers.SlugField(max_length=40)
    verdict = serializers.ChoiceField(choices=GateConsent.Verdict.choices)
    reason = serializers.CharField(**OPTIONAL_PROSE)


class GivenReasonInput(StrictSerializer):
    reason = serializers.CharField(**PROSE)


@extend_schema_view(
    list=extend_schema(summary="List the transfers"),
    retrieve=extend_schema(summary="Read a transfer with all that was checked and said"),
)
class TransferViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[TransferGate]
):
    """Transfers this reader sees. Who approves or consents has just proved who they are."""

    queryset = TransferGate.objects.none()
    lookup_field = "number"
    lookup_value_regex = CODE

    def get_serializer_class(self) -> type[serializers.BaseSerializer[TransferGate]]:
        return TransferSerializer if self.action == "list" else TransferDetailSerializer

    def get_queryset(self) -> QuerySet[TransferGate]:
        return TransferGate.objects.visible_to(actor(self.request)).shown().order_by("-pk")

    @extend_schema(
        summary="Ask that a release may be used commercially",
        request=TransferRequestInput,
        responses={201: TransferDetailSerializer},
    )
    def create(self, request: Request) -> Response:
        given = valid_input(TransferRequestInput, request)
        seen = ResearchRelease.objects.visible_to(actor(request))
        release = get_object_or_404(
            seen.select_related("model__lab", "checkpoint"), pk=given.pop("release")
        )
        gate = actions.request(release, **given, by=actor(request))
        return self._done(gate, status.HTTP_201_CREATED)

    @extend_schema(
        summary="State anew what no fact decides",
        request=RestateInput,
        responses=TransferDetailSerializer,
    )
    @action(detail=True, methods=["post"])
    def restate(self, request: Request, **_kwargs: Any) -> Response:
        gate, given = self.get_object(), valid_input(RestateInput, request)
        return self._done(actions.restate(gate, **given, by=actor(request)))

    @extend_schema(summary="Run every check", request=None, responses=TransferDetailSerializer)
    @action(detail=True, methods=["post"], url_path="run-checks", url_name="run-checks")
    def run_checks(self, request: Request, **_kwargs: Any) -> Response:
        return self._done(actions.run_checks(self.get_object(), by=actor(request)))

    @extend_schema(
        summary="Approve for the non-profit arm",
        request=ApprovalInput,
        responses=TransferDetailSerializer,
    )
    @action(detail=True, methods=["post"], url_path="approve-research", url_name="approve-research")
    def approve_research(self, request: Request, **_kwargs: Any) -> Response:
        gate, given = self._proved(request, ApprovalInput)
        return self._done(actions.approve_research(gate, **given, by=actor(request)))

    @extend_schema(
        summary="Consent or object for a contributing institution",
        request=ConsentInput,
        responses=TransferDetailSerializer,
    )
    @action(detail=True, methods=["post"])
    def consent(self, request: Request, **_kwargs: Any) -> Response:
        gate, given = self._proved(request, ConsentInput)
        institution = get_object_or_404(Institution, slug=given.pop("institution"))
        return self._done(actions.consent(gate, institution, **given, by=actor(request)))

    @extend_schema(
        summary="Approve for the for-profit arm, which issues the certificate",
        request=ApprovalInput,
        responses=TransferDetailSerializer,
    )
    @action(
        detail=True, methods=["post"], url_path="approve-deployment", url_name="approve-deployment"
    )
    def approve_deployment(self, request: Request, **_kwargs: Any) -> Response:
        gate, given = self._proved(request, ApprovalInput)
        return self._done(gate_approval.approve_deployment(gate, **given, by=actor(request)))

    @extend_schema(
        summary="Refuse for the arm whose turn it is",
        request=GivenReasonInput,
        responses=TransferDetailSerializer,
    )
    @action(detail=True, methods=["post"])
    def refuse(self, request: Request, **_kwargs: Any) -> Response:
        gate, given = self._proved(request, GivenReasonInput)
        return self._done(actions.refuse(gate, **given, by=actor(request)))

    @extend_schema(
        summary="Take the request back",
        request=GivenReasonInput,
        responses=TransferDetailSerializer,
    )
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, **_kwargs: Any) -> Response:
        gate, given = self.get_object(), valid_input(GivenReasonInput, request)
        return self._done(actions.cancel(gate, **given, by=actor(request)))

    def _proved(
        self, request: Request, kind: type[StrictSerializer]
    ) -> tuple[TransferGate, dict[str, Any]]:
        """The transfer and the input, of somebody who has just proved who they are."""
        gate = self.get_object()
        require_recent_proof(request)
        return gate, valid_input(kind, request)

    @staticmethod
    def _done(gate: TransferGate, code: int = status.HTTP_200_OK) -> Response:
        fresh = TransferGate.objects.shown().get(pk=gate.pk)
        return Response(TransferDetailSerializer(fresh).data, status=code)
