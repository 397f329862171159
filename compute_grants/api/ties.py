"""Ties, waivers and the windows of conflicts over the API."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from compute_grants.actions import tie_disputes as dispute_actions
from compute_grants.actions import ties as actions
from compute_grants.actions import waivers as waiver_actions
from compute_grants.api.inputs import valid_input
from compute_grants.models import Proposal, ReviewPolicy, Tie, TieDispute, TieEvidence, Waiver
from compute_grants.queries.ties import with_evidence
from compute_grants.queries.waivers import waiver_rows
from consortium.api.serializers import StrictSerializer
from consortium.http import actor
from consortium.models import Institution, User


class TieEvidenceSerializer(serializers.ModelSerializer[TieEvidence]):
    """doi: of an output that has one; kind: "output" or "proposal"."""

    kind = serializers.SerializerMethodField()
    number = serializers.CharField(read_only=True)
    title = serializers.CharField(read_only=True)
    doi = serializers.CharField(read_only=True)

    class Meta:
        model = TieEvidence
        fields = ("kind", "number", "title", "doi", "on")
        read_only_fields = fields

    def get_kind(self, row: TieEvidence) -> str:
        return "output" if row.output_id else "proposal"


class TieSerializer(serializers.ModelSerializer[Tie]):
    institution = serializers.SlugRelatedField[Institution](slug_field="slug", read_only=True)
    evidence = TieEvidenceSerializer(many=True, read_only=True)

    class Meta:
        model = Tie
        fields = (
            "id",
            "person",
            "kind",
            "institution",
            "other_email",
            "other_name",
            "since",
            "until",
            "note",
            "source",
            "recorded_at",
            "retracted_at",
            "with_person",
            "evidence",
        )
        read_only_fields = fields


class TieInput(StrictSerializer):
    """person: oneself by default; others for the office."""

    person = serializers.PrimaryKeyRelatedField(
        queryset=User.objects.filter(is_active=True), required=False
    )
    kind = serializers.ChoiceField(choices=Tie.Kind.choices)
    institution = serializers.SlugRelatedField[Institution](
        slug_field="slug",
        queryset=Institution.objects.filter(state__in=Institution.KNOWN),
        required=False,
    )
    other_email = serializers.EmailField(required=False, default="", allow_blank=True)
    other_name = serializers.CharField(max_length=120, default="", allow_blank=True)
    since = serializers.DateField(required=False, allow_null=True)
    until = serializers.DateField(required=False, allow_null=True)
    note = serializers.CharField(max_length=1000, default="", allow_blank=True)


class RetractInput(StrictSerializer):
    reason = serializers.CharField(max_length=1000)


class TieDisputeSerializer(serializers.ModelSerializer[TieDispute]):
    class Meta:
        model = TieDispute
        fields = ("id", "tie", "state", "reason", "raised_by", "raised_at", "answer", "answered_at")
        read_only_fields = fields


class DisputeInput(StrictSerializer):
    reason = serializers.CharField(max_length=2000)


class DisputeAnswerInput(StrictSerializer):
    note = serializers.CharField(max_length=2000)


class TieViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Tie]):
    """One's own ties; for the R&D office and auditors, all."""

    queryset = Tie.objects.none()
    serializer_class = TieSerializer
    lookup_value_regex = r"[0-9]{1,18}"

    def get_queryset(self) -> QuerySet[Tie]:
        visible = Tie.objects.visible_to(actor(self.request))
        return with_evidence(visible).order_by("-pk")

    @extend_schema(request=TieInput, responses={201: TieSerializer})
    def create(self, request: Request) -> Response:
        data = valid_input(TieInput, request)
        person = data.pop("person", actor(request))
        tie = actions.record(person, **data, by=actor(request))
        return Response(self.get_serializer(tie).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=RetractInput, responses=TieSerializer)
    @action(detail=True, methods=["post"])
    def retract(self, request: Request, **_kwargs: Any) -> Response:
        """Take a tie back; it stays on record."""
        data = valid_input(RetractInput, request)
        tie = actions.retract(self.get_object(), **data, by=actor(request))
        return Response(self.get_serializer(tie).data)

    @extend_schema(request=DisputeInput, responses={201: TieDisputeSerializer})
    @action(detail=True, methods=["post"])
    def dispute(self, request: Request, **_kwargs: Any) -> Response:
        """Object to a tie that the portal found; it counts until the office has answered."""
        data = valid_input(DisputeInput, request)
        made = dispute_actions.dispute(self.get_object(), **data, by=actor(request))
        return Response(TieDisputeSerializer(made).data, status=status.HTTP_201_CREATED)


class TieDisputeViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[TieDispute]
):
    """One's own objections to ties; for the R&D office and auditors, all."""

    queryset = TieDispute.objects.none()
    serializer_class = TieDisputeSerializer
    lookup_value_regex = r"[0-9]{1,18}"

    def get_queryset(self) -> QuerySet[TieDispute]:
        return TieDispute.objects.visible_to(actor(self.request)).order_by("-pk")

    def _answer(self, request: Request, *, accept: bool) -> Response:
        data = valid_input(DisputeAnswerInput, request)
        found = dispute_actions.answer(self.get_object(), accept=accept, **data, by=actor(request))
        return Response(self.get_serializer(found).data)

    @extend_schema(request=DisputeAnswerInput, responses=TieDisputeSerializer)
    @action(detail=True, methods=["post"])
    def accept(self, request: Request, **_kwargs: Any) -> Response:
        """Take the tie back."""
        return self._answer(request, accept=True)

    @extend_schema(request=DisputeAnswerInput, responses=TieDisputeSerializer)
    @action(detail=True, methods=["post"])
    def refuse(self, request: Request, **_kwargs: Any) -> Response:
        """Let the tie stand, saying why."""
        return self._answer(request, accept=False)


class WaiverSerializer(serializers.ModelSerializer[Waiver]):
    proposal = serializers.CharField(source="proposal.number", read_only=True)

    class Meta:
        model = Waiver
        fields = (
            "id",
            "proposal",
            "reviewer",
            "ground",
            "conflict",
            "reason",
            "state",
            "asked_by",
            "decided_by",
            "decision_note",
            "expires_on",
        )
        read_only_fields = fields


class WaiverInput(StrictSerializer):
    """ground: the key of the conflict."""

    proposal = serializers.CharField(max_length=16)
    reviewer = serializers.PrimaryKeyRelatedField(queryset=User.objects.filter(is_active=True))
    ground = serializers.CharField(max_length=60)
    reason = serializers.CharField(max_length=4000)
    expires_on = serializers.DateField(required=False)


class WaiverNoteInput(StrictSerializer):
    note = serializers.CharField(max_length=2000, allow_blank=True, default="")


class WaiverViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Waiver]
):
    """Waivers, for the R&D office and auditors."""

    queryset = Waiver.objects.none()
    serializer_class = WaiverSerializer
    lookup_value_regex = r"[0-9]{1,18}"

    def get_queryset(self) -> QuerySet[Waiver]:
        return waiver_rows(actor(self.request))

    @extend_schema(request=WaiverInput, responses={201: WaiverSerializer})
    def create(self, request: Request) -> Response:
        data = valid_input(WaiverInput, request)
        visible = Proposal.objects.visible_to(actor(request))
        proposal = get_object_or_404(visible, number=data.pop("proposal"))
        waiver = waiver_actions.ask(proposal, **data, by=actor(request))
        return Response(self.get_serializer(waiver).data, status=status.HTTP_201_CREATED)

    def _decide(self, request: Request, *, approve: bool) -> Response:
        data = valid_input(WaiverNoteInput, request)
        waiver = waiver_actions.decide(
            self.get_object(), approve=approve, **data, by=actor(request)
        )
        return Response(self.get_serializer(waiver).data)

    @extend_schema(request=WaiverNoteInput, responses=WaiverSerializer)
    @action(detail=True, methods=["post"])
    def approve(self, request: Request, **_kwargs: Any) -> Response:
        """As the second person."""
        return self._decide(request, approve=True)

    @extend_schema(request=WaiverNoteInput, responses=WaiverSerializer)
    @action(detail=True, methods=["post"])
    def refuse(self, request: Request, **_kwargs: Any) -> Response:
        """As the second person, saying why."""
        return self._decide(request, approve=False)

    @extend_schema(request=WaiverNoteInput, responses=WaiverSerializer)
    @action(detail=True, methods=["post"])
    def revoke(self, request: Request, **_kwargs: Any) -> Response:
        data = valid_input(WaiverNoteInput, request)
        waiver = waiver_actions.revoke(self.get_object(), **data, by=actor(request))
        return Response(self.get_serializer(waiver).data)


class ReviewPolicySerializer(serializers.ModelSerializer[ReviewPolicy]):
    class Meta:
        model = ReviewPolicy
        fields = ("id", "since", *actions.FIGURES, "reason", "set_at")
        read_only_fields = fields


class ReviewPolicyInput(StrictSerializer):
    since = serializers.DateField()
    reason = serializers.CharField(max_length=2000)
    former_employer_months = serializers.IntegerField(min_value=0, max_value=600, required=False)
    collaborator_months = serializers.IntegerField(min_value=0, max_value=600, required=False)
    co_editor_months = serializers.IntegerField(min_value=0, max_value=600, required=False)
    waiver_days = serializers.IntegerField(min_value=1, max_value=3650, required=False)
    remind_hours_before = serializers.IntegerField(min_value=1, max_value=2000, required=False)
    escalate_hours_after = serializers.IntegerField(min_value=1, max_value=2000, required=False)


class ReviewPolicyViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[ReviewPolicy]):
    """Versions of the windows in which ties count; none while the founding figures hold."""

    queryset = ReviewPolicy.objects.order_by("-since")
    serializer_class = ReviewPolicySerializer

    @extend_schema(request=ReviewPolicyInput, responses={201: ReviewPolicySerializer})
    def create(self, request: Request) -> Response:
        data = valid_input(ReviewPolicyInput, request)
        made = actions.set_policy(**data, by=actor(request))
        return Response(self.get_serializer(made).data, status=status.HTTP_201_CREATED)
