"""Proposals over the API: written, handed in, checked, judged and decided through actions."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from compute_grants.actions import proposals as actions
from compute_grants.actions import reviews as review_actions
from compute_grants.actions import technical
from compute_grants.api.inputs import CODE, ResourceNamed, resource_of, valid_input
from compute_grants.api.proposal_checks import ChecksMixin
from compute_grants.api.proposal_decisions import DecisionsMixin, ReasonInput
from compute_grants.api.proposal_files import FilesMixin
from compute_grants.api.proposal_parts import PartsMixin
from compute_grants.api.proposal_versions import VersionsMixin
from compute_grants.api.reviews import AssignmentSerializer
from compute_grants.api.team import TeamMixin
from compute_grants.models import (
    Call,
    Precision,
    Proposal,
    ResourceRequest,
    SectionName,
    Submission,
    TechnicalCheck,
    TechnicalReview,
)
from consortium.api.serializers import StrictSerializer
from consortium.http import actor
from consortium.models import Institution, User

MOST_SECONDS = 10**16


class CheckSerializer(serializers.ModelSerializer[TechnicalCheck]):
    class Meta:
        model = TechnicalCheck
        fields = ("item", "result", "note")
        read_only_fields = fields


class TechnicalReviewSerializer(serializers.ModelSerializer[TechnicalReview]):
    checks = CheckSerializer(many=True, read_only=True)

    class Meta:
        model = TechnicalReview
        fields = ("verdict", "cap_seconds", "reason", "reviewed_at", "checks")
        read_only_fields = fields


class RequestSerializer(serializers.ModelSerializer[ResourceRequest]):
    machine = serializers.CharField(source="resource.machine.code", read_only=True)
    tres = serializers.CharField(source="resource.tres", read_only=True)
    technical_review = TechnicalReviewSerializer(read_only=True)

    class Meta:
        model = ResourceRequest
        fields = (
            "id",
            "machine",
            "tres",
            "precision",
            "seconds",
            "cards",
            "runs",
            "run_seconds",
            "memory_bytes",
            "justification",
            "technical_review",
        )
        read_only_fields = fields


class ProposalSerializer(serializers.ModelSerializer[Proposal]):
    call = serializers.SlugRelatedField[Call](slug_field="code", read_only=True)
    institution = serializers.SlugRelatedField[Institution](slug_field="slug", read_only=True)
    lead = serializers.CharField(source="lead.name", read_only=True)
    requests = RequestSerializer(many=True, read_only=True)

    class Meta:
        model = Proposal
        fields = (
            "number",
            "call",
            "institution",
            "lead",
            "title_en",
            "title_zh",
            "summary",
            "science_case",
            "software",
            "data_ethics",
            "energy",
            "state",
            "version",
            "saved_at",
            "submitted_at",
            "content_hash",
            "return_reason",
            "requests",
        )
        read_only_fields = fields


class SubmissionSerializer(serializers.ModelSerializer[Submission]):
    number = serializers.CharField(source="proposal.number", read_only=True)

    class Meta:
        model = Submission
        fields = ("number", "version", "content_hash", "submitted_at")
        read_only_fields = fields


class TextsInput(StrictSerializer):
    title_en = serializers.CharField(max_length=200, allow_blank=True)
    title_zh = serializers.CharField(max_length=200, allow_blank=True)
    summary = serializers.CharField(max_length=3000, allow_blank=True)
    science_case = serializers.CharField(max_length=20_000, allow_blank=True)
    software = serializers.CharField(max_length=20_000, allow_blank=True)
    data_ethics = serializers.CharField(max_length=20_000, allow_blank=True)
    energy = serializers.CharField(max_length=20_000, allow_blank=True)


class StartInput(TextsInput):
    call = serializers.SlugField(max_length=16)
    institution = serializers.SlugRelatedField(
        slug_field="slug", queryset=Institution.objects.all()
    )

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        fields = super().get_fields()
        for name in actions.TEXTS:
            fields[name].required = False
        return fields


class SaveInput(TextsInput):
    """version: the one the texts were read at."""

    version = serializers.IntegerField(min_value=1)

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        fields = super().get_fields()
        for name in actions.TEXTS:
            fields[name].required = False
        return fields


class AskInput(ResourceNamed):
    precision = serializers.ChoiceField(choices=Precision.choices)
    seconds = serializers.IntegerField(min_value=1, max_value=MOST_SECONDS)
    cards = serializers.IntegerField(min_value=1, max_value=2 * 10**9)
    runs = serializers.IntegerField(min_value=1, max_value=10**9, required=False)
    run_seconds = serializers.IntegerField(min_value=1, max_value=MOST_SECONDS, required=False)
    memory_bytes = serializers.IntegerField(min_value=1, max_value=10**15, required=False)
    justification = serializers.CharField(max_length=20_000)


class RequestNamed(StrictSerializer):
    request = serializers.IntegerField(min_value=1)


class SubmitInput(StrictSerializer):
    version = serializers.IntegerField(min_value=1, required=False)


class ReturnInput(ReasonInput):
    """sections: those to be corrected."""

    sections = serializers.ListField(
        child=serializers.ChoiceField(choices=SectionName.choices), required=False, default=list
    )


class WithdrawInput(StrictSerializer):
    reason = serializers.CharField(max_length=20_000, allow_blank=True, default="")


class CheckInput(StrictSerializer):
    item = serializers.ChoiceField(choices=TechnicalCheck.Item.choices)
    result = serializers.ChoiceField(choices=TechnicalCheck.Result.choices)
    note = serializers.CharField(max_length=2000, allow_blank=True, default="")


class TechnicalInput(RequestNamed):
    """checks: the checklist; lines left out stand as the portal itself finds them."""

    verdict = serializers.ChoiceField(choices=TechnicalReview.Verdict.choices)
    cap_seconds = serializers.IntegerField(
        min_value=1, max_value=MOST_SECONDS, allow_null=True, default=None
    )
    reason = serializers.CharField(max_length=20_000)
    checks = CheckInput(many=True, required=False, default=list)


class AssignInput(StrictSerializer):
    reviewer = serializers.PrimaryKeyRelatedField(queryset=User.objects.filter(is_active=True))
    due_at = serializers.DateTimeField()


class ProposalViewSet(
    PartsMixin,
    VersionsMixin,
    ChecksMixin,
    DecisionsMixin,
    FilesMixin,
    TeamMixin,
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    viewsets.GenericViewSet[Proposal],
):
    """Read the proposals you may see; change them only through named actions."""

    queryset = Proposal.objects.none()
    serializer_class = ProposalSerializer
    lookup_field = "number"
    lookup_value_regex = CODE

    def get_queryset(self) -> QuerySet[Proposal]:
        visible = Proposal.objects.visible_to(actor(self.request))
        related = ("requests__resource__machine", "requests__technical_review__checks")
        return (
            visible.select_related("call", "institution", "lead")
            .prefetch_related(*related)
            .order_by("-pk")
        )

    def _answer(self, proposal: Proposal, code: int = status.HTTP_200_OK) -> Response:
        fresh = self.get_queryset().get(pk=proposal.pk)
        return Response(self.get_serializer(fresh).data, status=code)

    @extend_schema(request=StartInput, responses={201: ProposalSerializer})
    def create(self, request: Request) -> Response:
        data = valid_input(StartInput, request)
        call = get_object_or_404(Call.objects.visible_to(request.user), code=data.pop("call"))
        proposal = actions.start(call, **data, by=actor(request))
        return self._answer(proposal, status.HTTP_201_CREATED)

    @extend_schema(request=SaveInput, responses=ProposalSerializer)
    def partial_update(self, request: Request, **_kwargs: Any) -> Response:
        proposal = self.get_object()
        return self._answer(
            actions.save(proposal, **valid_input(SaveInput, request), by=actor(request))
        )

    @extend_schema(request=AskInput, responses=ProposalSerializer)
    @action(detail=True, methods=["post"])
    def ask(self, request: Request, **_kwargs: Any) -> Response:
        """Ask for time on a resource, or change what was asked there."""
        proposal = self.get_object()
        data = valid_input(AskInput, request)
        resource = resource_of(data, request.user)
        actions.ask(proposal, resource=resource, **data, by=actor(request))
        return self._answer(proposal)

    @extend_schema(request=RequestNamed, responses=ProposalSerializer)
    @action(detail=True, methods=["post"])
    def drop(self, request: Request, **_kwargs: Any) -> Response:
        """Take back what was asked on a resource."""
        proposal = self.get_object()
        actions.drop(self._request_of(proposal, request, RequestNamed)[0], by=actor(request))
        return self._answer(proposal)

    @extend_schema(request=SubmitInput, responses=SubmissionSerializer)
    @action(detail=True, methods=["post"])
    def submit(self, request: Request, **_kwargs: Any) -> Response:
        proposal = self.get_object()
        data = valid_input(SubmitInput, request)
        submission = actions.submit(proposal, **data, by=actor(request))
        return Response(SubmissionSerializer(submission).data)

    @extend_schema(request=WithdrawInput, responses=ProposalSerializer)
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, **_kwargs: Any) -> Response:
        proposal = self.get_object()
        data = valid_input(WithdrawInput, request)
        return self._answer(actions.withdraw(proposal, **data, by=actor(request)))

    @extend_schema(request=ReturnInput, responses=ProposalSerializer)
    @action(detail=True, methods=["post"], url_path="return", url_name="return")
    def send_back(self, request: Request, **_kwargs: Any) -> Response:
        proposal = self.get_object()
        data = valid_input(ReturnInput, request)
        return self._answer(actions.send_back(proposal, **data, by=actor(request)))

    @extend_schema(request=None, responses=ProposalSerializer)
    @action(detail=True, methods=["post"], url_path="send-to-centres", url_name="send-to-centres")
    def send_to_centres(self, request: Request, **_kwargs: Any) -> Response:
        return self._answer(actions.send_to_centres(self.get_object(), by=actor(request)))

    @extend_schema(request=TechnicalInput, responses=ProposalSerializer)
    @action(detail=True, methods=["post"], url_path="technical-review", url_name="technical-review")
    def technical_review(self, request: Request, **_kwargs: Any) -> Response:
        proposal = self.get_object()
        asked, data = self._request_of(proposal, request, TechnicalInput)
        data["checks"] = {
            row["item"]: technical.Finding(row["result"], row["note"]) for row in data["checks"]
        }
        technical.judge_feasibility(asked, **data, by=actor(request))
        return self._answer(proposal)

    @extend_schema(request=AssignInput, responses={201: AssignmentSerializer})
    @action(detail=True, methods=["post"])
    def assign(self, request: Request, **_kwargs: Any) -> Response:
        """Invite a reviewer."""
        proposal = self.get_object()
        data = valid_input(AssignInput, request)
        assignment = review_actions.assign(proposal, **data, by=actor(request))
        body = AssignmentSerializer(assignment).data
        return Response(body, status=status.HTTP_201_CREATED)

    @staticmethod
    def _request_of(
        proposal: Proposal, request: Request, kind: type[RequestNamed]
    ) -> tuple[ResourceRequest, dict[str, Any]]:
        """The named request for time of this proposal, and the rest of the input."""
        data = valid_input(kind, request)
        asked = get_object_or_404(
            proposal.requests.select_related("resource__machine"), pk=data.pop("request")
        )
        return asked, data
