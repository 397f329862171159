"""What a licence's routes take and give."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from consortium.api.serializers import StrictSerializer
from registry.api.income import ReceiptSerializer
from registry.api.terms import TermsInput
from registry.models import Licence, LicenceTerms, Signature

PROSE: dict[str, Any] = {"max_length": 20_000}
REVISION: dict[str, Any] = {"max_value": 2**31 - 1}


class LicenceSerializer(serializers.ModelSerializer[Licence]):
    offering = serializers.CharField(source="offering.code", read_only=True)
    licensee = serializers.CharField(source="licensee.slug", read_only=True)
    requested_by = serializers.CharField(source="requested_by.name", read_only=True)

    class Meta:
        model = Licence
        fields: tuple[str, ...] = (
            *("number", "state", "offering", "licensee", "requested_by", "requested_at"),
            *("activated_at", "expires_at", "state_reason"),
        )
        read_only_fields = fields


class RevisionSerializer(serializers.ModelSerializer[LicenceTerms]):
    by = serializers.CharField(source="by.name", read_only=True)
    terms = serializers.DictField(read_only=True)

    class Meta:
        model = LicenceTerms
        fields = ("revision", "side", "terms", "comment", "by", "at")
        read_only_fields = fields


class SignatureSerializer(serializers.ModelSerializer[Signature]):
    by = serializers.CharField(source="by.name", read_only=True)
    institution = serializers.CharField(source="institution.slug", read_only=True, default=None)

    class Meta:
        model = Signature
        fields = (
            *("side", "document_sha256", "by", "institution"),
            *("method", "reauthenticated_at", "at"),
        )
        read_only_fields = fields


class LicenceDetailSerializer(LicenceSerializer):
    """document: the agreement, of whose bytes in UTF-8 document_sha256 is the digest."""

    revisions = RevisionSerializer(many=True, read_only=True)
    signatures = SignatureSerializer(many=True, read_only=True)
    receipts = ReceiptSerializer(many=True, read_only=True)
    policy_version = serializers.IntegerField(source="policy.version", read_only=True, default=None)

    class Meta(LicenceSerializer.Meta):
        fields: tuple[str, ...] = (
            *LicenceSerializer.Meta.fields,
            *("request_note", "revisions", "policy_version", "template", "document"),
            *("document_sha256", "signatures", "status_list", "status_index", "receipts"),
        )
        read_only_fields = fields


class LicensedFileSerializer(serializers.Serializer[Any]):
    path = serializers.CharField(read_only=True)
    size = serializers.IntegerField(read_only=True)
    sha256 = serializers.CharField(read_only=True)
    href = serializers.URLField(read_only=True)


class EvidenceSerializer(serializers.Serializer[Any]):
    """ok null: nothing to check it against."""

    name = serializers.CharField(read_only=True)
    value = serializers.CharField(read_only=True)
    ok = serializers.BooleanField(read_only=True, allow_null=True)


class LinkSerializer(serializers.Serializer[Any]):
    code = serializers.CharField(read_only=True)
    number = serializers.CharField(read_only=True)
    title = serializers.CharField(read_only=True)
    ok = serializers.BooleanField(read_only=True, allow_null=True)
    evidence = EvidenceSerializer(many=True, read_only=True)


class ProvenanceSerializer(serializers.Serializer[Any]):
    """ok: whether no link's evidence fails."""

    licence = serializers.CharField(read_only=True)
    ok = serializers.BooleanField(read_only=True)
    links = LinkSerializer(many=True, read_only=True)


class LicenceRequestInput(StrictSerializer):
    """offering: its code. licensee: the slug of one's enterprise."""

    offering = serializers.CharField(max_length=60)
    licensee = serializers.SlugField(max_length=40)
    note = serializers.CharField(**PROSE)


class OfferTermsInput(StrictSerializer):
    """answers: the revision that was read, 0 for none."""

    answers = serializers.IntegerField(min_value=0, **REVISION, default=0)
    terms = TermsInput()
    comment = serializers.CharField(**PROSE, allow_blank=True, default="")


class CounterInput(OfferTermsInput):
    """answers: the revision that was read."""

    answers = serializers.IntegerField(min_value=1, **REVISION)


class AcceptInput(StrictSerializer):
    """revision: the one that was read."""

    revision = serializers.IntegerField(min_value=1, **REVISION)


class SignInput(StrictSerializer):
    """document_sha256: of the agreement that was read."""

    document_sha256 = serializers.RegexField(r"^[0-9a-f]{64}\Z")
