"""Receipts and statements over the API: what came in, and how it was shared."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_field, extend_schema_view
from rest_framework import serializers, viewsets

from compute_grants.api.inputs import CODE
from consortium.api.serializers import StrictSerializer
from consortium.http import actor
from registry.models import Receipt, RevenueStatement
from registry.queries.statements import lines_of
from registry.terms import LARGEST_PRICE_FEN

FEN: dict[str, Any] = {"min_value": 0, "max_value": LARGEST_PRICE_FEN}


class ReceiptSerializer(serializers.ModelSerializer[Receipt]):
    net_fen = serializers.IntegerField(read_only=True)

    class Meta:
        model = Receipt
        fields = ("number", "received_on", "amount_fen", "net_fen")
        read_only_fields = fields


class ReceiptInput(StrictSerializer):
    """All amounts in fen. The same bank_reference with the same figures is one receipt."""

    amount_fen = serializers.IntegerField(**FEN)
    tax_fen = serializers.IntegerField(**FEN, default=0)
    third_party_fen = serializers.IntegerField(**FEN, default=0)
    received_on = serializers.DateField()
    bank_reference = serializers.CharField(max_length=64)


class StatementSerializer(serializers.ModelSerializer[RevenueStatement]):
    licence = serializers.CharField(source="receipt.licence.number", read_only=True)
    offering = serializers.CharField(source="receipt.licence.offering.code", read_only=True)
    receipt = serializers.CharField(source="receipt.number", read_only=True)
    received_on = serializers.DateField(source="receipt.received_on", read_only=True)

    class Meta:
        model = RevenueStatement
        fields: tuple[str, ...] = (
            *("number", "licence", "offering", "receipt", "received_on", "net_fen", "at"),
        )
        read_only_fields = fields


class LinePartSerializer(serializers.Serializer[Any]):
    """One reason for a share. entitled: exact, in fen, as "numerator/denominator"."""

    basis = serializers.CharField(read_only=True)
    checkpoint = serializers.CharField(read_only=True)
    entitled = serializers.CharField(read_only=True)


class LineSerializer(serializers.Serializer[Any]):
    """party: an institution's slug, deployment_arm or mission_fund. entitled: exact, in fen.
    amount_fen: what was posted. transfer: the ledger's posting; empty for 0 fen."""

    party = serializers.CharField(source="slug", read_only=True)
    name = serializers.CharField(read_only=True)
    parts = LinePartSerializer(many=True, read_only=True)
    entitled = serializers.CharField(read_only=True)
    amount_fen = serializers.IntegerField(read_only=True)
    transfer = serializers.CharField(read_only=True)


class StatementDetailSerializer(StatementSerializer):
    amount_fen = serializers.IntegerField(source="receipt.amount_fen", read_only=True)
    tax_fen = serializers.IntegerField(source="receipt.tax_fen", read_only=True)
    third_party_fen = serializers.IntegerField(source="receipt.third_party_fen", read_only=True)
    policy_version = serializers.IntegerField(
        source="receipt.licence.policy.version", read_only=True
    )
    policy_sha256 = serializers.CharField(
        source="receipt.licence.policy.document_sha256", read_only=True
    )
    lines = serializers.SerializerMethodField()

    class Meta(StatementSerializer.Meta):
        fields: tuple[str, ...] = (
            *StatementSerializer.Meta.fields,
            *("amount_fen", "tax_fen", "third_party_fen"),
            *("policy_version", "policy_sha256", "lines"),
        )
        read_only_fields = fields

    @extend_schema_field(LineSerializer(many=True))
    def get_lines(self, statement: RevenueStatement) -> Any:
        return LineSerializer(lines_of(statement), many=True).data


@extend_schema_view(
    list=extend_schema(summary="List the statements"),
    retrieve=extend_schema(summary="Read a statement with every party's line"),
)
class StatementViewSet(viewsets.ReadOnlyModelViewSet[RevenueStatement]):
    """Statements in which this reader's institution has a share; all for the offices."""

    queryset = RevenueStatement.objects.none()
    lookup_field = "number"
    lookup_value_regex = CODE

    def get_serializer_class(self) -> type[serializers.BaseSerializer[RevenueStatement]]:
        return StatementSerializer if self.action == "list" else StatementDetailSerializer

    def get_queryset(self) -> QuerySet[RevenueStatement]:
        return RevenueStatement.objects.visible_to(actor(self.request)).shown().order_by("-pk")
