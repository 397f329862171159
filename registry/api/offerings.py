"""The licence catalogue over the API: read by anybody, kept by the deployment office."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from compute_grants.api.inputs import valid_input
from consortium.api.serializers import StrictSerializer
from consortium.http import actor
from registry.actions import offerings as actions
from registry.models import MODEL_SLUG, CommercialOffering, Deployment, FieldOfUse, TransferGate
from registry.terms import LARGEST_PRICE_FEN


class OfferingSerializer(serializers.ModelSerializer[CommercialOffering]):
    gate = serializers.CharField(source="gate.number", read_only=True)
    checkpoint = serializers.CharField(source="gate.checkpoint.number", read_only=True)
    lab = serializers.CharField(source="gate.checkpoint.model.lab.slug", read_only=True)
    manifest_root = serializers.CharField(source="gate.manifest_root", read_only=True)
    bytes_total = serializers.IntegerField(source="gate.checkpoint.bytes_total", read_only=True)

    class Meta:
        model = CommercialOffering
        fields: tuple[str, ...] = (
            *("code", "state", "gate", "checkpoint", "lab", "manifest_root", "bytes_total"),
            *("title_en", "title_zh", "summary_en", "summary_zh", "fields", "forms"),
            *("list_price_fen", "offered_at"),
        )
        read_only_fields = fields


class OfferingInput(StrictSerializer):
    """gate: the number of the approved transfer. fields: of use. forms: of deployment.
    list_price_fen: for one year and the smallest scale."""

    gate = serializers.CharField(max_length=16)
    code = serializers.RegexField(MODEL_SLUG, max_length=60)
    title_en = serializers.CharField(max_length=200)
    title_zh = serializers.CharField(max_length=200)
    summary_en = serializers.CharField(max_length=20_000)
    summary_zh = serializers.CharField(max_length=20_000)
    fields = serializers.ListField(  # type: ignore[assignment]  # a name of the domain's
        child=serializers.ChoiceField(choices=FieldOfUse.choices),
        allow_empty=False,
        max_length=len(FieldOfUse),
    )
    forms = serializers.ListField(
        child=serializers.ChoiceField(choices=Deployment.choices),
        allow_empty=False,
        max_length=len(Deployment),
    )
    list_price_fen = serializers.IntegerField(min_value=0, max_value=LARGEST_PRICE_FEN)


@extend_schema_view(
    list=extend_schema(summary="List the offerings"),
    retrieve=extend_schema(summary="Read one offering"),
)
class OfferingViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[CommercialOffering]
):
    """What is offered to license, and to those whom it concerns also drafts and retired ones."""

    queryset = CommercialOffering.objects.none()
    serializer_class = OfferingSerializer
    lookup_field = "code"
    lookup_value_regex = "[a-z0-9._-]{1,60}"

    def get_queryset(self) -> QuerySet[CommercialOffering]:
        return CommercialOffering.objects.visible_to(self.request.user).shown().order_by("code")

    @extend_schema(
        summary="Draft an offering of what passed the gate",
        request=OfferingInput,
        responses={201: OfferingSerializer},
    )
    def create(self, request: Request) -> Response:
        details = valid_input(OfferingInput, request)
        gates = TransferGate.objects.visible_to(actor(request)).shown()
        gate = get_object_or_404(gates, number=details.pop("gate"))
        made = actions.create(gate, details=details, by=actor(request))
        return self._done(made, status.HTTP_201_CREATED)

    @extend_schema(
        summary="Put an offering into the catalogue", request=None, responses=OfferingSerializer
    )
    @action(detail=True, methods=["post"])
    def offer(self, request: Request, **_kwargs: Any) -> Response:
        return self._done(actions.offer(self.get_object(), by=actor(request)))

    @extend_schema(
        summary="Take an offering out of the catalogue", request=None, responses=OfferingSerializer
    )
    @action(detail=True, methods=["post"])
    def retire(self, request: Request, **_kwargs: Any) -> Response:
        return self._done(actions.retire(self.get_object(), by=actor(request)))

    @staticmethod
    def _done(offering: CommercialOffering, code: int = status.HTTP_200_OK) -> Response:
        return Response(OfferingSerializer(offering).data, status=code)
