"""Reviews over the API. Nothing of a proposal is here until its reviewer has confirmed."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from compute_grants.actions import assignments as care
from compute_grants.actions import review_drafts
from compute_grants.actions import reviews as actions
from compute_grants.api.inputs import valid_input
from compute_grants.models import Review, ReviewAssignment, ReviewDraft, Score
from compute_grants.queries.proposals import with_scores
from consortium.api.serializers import StrictSerializer
from consortium.http import actor
from consortium.models import User


class AssignmentSerializer(serializers.ModelSerializer[ReviewAssignment]):
    proposal = serializers.CharField(source="proposal.number", read_only=True)
    title_en = serializers.CharField(source="proposal.title_en", read_only=True)
    title_zh = serializers.CharField(source="proposal.title_zh", read_only=True)

    class Meta:
        model = ReviewAssignment
        fields = (
            "id",
            "proposal",
            "title_en",
            "title_zh",
            "reviewer",
            "state",
            "due_at",
            "declared_at",
            "conflict",
            "decline_reason",
            "suggestion",
            "reopened_reason",
        )
        read_only_fields = fields


class ScoreSerializer(serializers.ModelSerializer[Score]):
    class Meta:
        model = Score
        fields = ("criterion", "value", "reason")
        read_only_fields = fields


class ReviewSerializer(serializers.ModelSerializer[Review]):
    reviewer = serializers.IntegerField(source="assignment.reviewer_id", read_only=True)
    scores = ScoreSerializer(many=True, read_only=True, source="given")
    answer = serializers.CharField(source="rebuttal.text", default="", read_only=True)
    waived = serializers.ListField(child=serializers.CharField(), read_only=True)

    class Meta:
        model = Review
        fields = (
            "id",
            "reviewer",
            "comment",
            "confidential_note",
            "submitted_at",
            "version",
            "scores",
            "answer",
            "waived",
        )
        read_only_fields = fields


class DeclareInput(StrictSerializer):
    """conflict: "" for none."""

    conflict = serializers.CharField(max_length=2000, allow_blank=True)


class ScoreInput(StrictSerializer):
    criterion = serializers.IntegerField(min_value=1)
    value = serializers.IntegerField(min_value=0, max_value=actions.BEST)
    reason = serializers.CharField(max_length=20_000)


class ReviewInput(StrictSerializer):
    scores = ScoreInput(many=True, allow_empty=False)
    comment = serializers.CharField(max_length=20_000)
    confidential_note = serializers.CharField(max_length=20_000, allow_blank=True, default="")


class DeclineInput(StrictSerializer):
    reason = serializers.CharField(max_length=2000)
    suggestion = serializers.CharField(max_length=2000, allow_blank=True, default="")


class DraftScoreInput(StrictSerializer):
    criterion = serializers.IntegerField(min_value=1)
    value = serializers.IntegerField(
        min_value=0, max_value=actions.BEST, allow_null=True, default=None
    )
    reason = serializers.CharField(max_length=20_000, allow_blank=True, default="")


class ReviewDraftInput(StrictSerializer):
    """version: of the draft as it was read, 0 where there was none."""

    version = serializers.IntegerField(min_value=0)
    scores = DraftScoreInput(many=True)
    comment = serializers.CharField(max_length=20_000, allow_blank=True, default="")
    confidential_note = serializers.CharField(max_length=20_000, allow_blank=True, default="")


class ReviewDraftSerializer(serializers.ModelSerializer[ReviewDraft]):
    class Meta:
        model = ReviewDraft
        fields = ("version", "saved_at", "content")
        read_only_fields = fields


class ReasonedInput(StrictSerializer):
    reason = serializers.CharField(max_length=2000)


class DueInput(ReasonedInput):
    due_at = serializers.DateTimeField()


class ReplaceInput(DueInput):
    reviewer = serializers.PrimaryKeyRelatedField(queryset=User.objects.filter(is_active=True))


class ReviewViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[ReviewAssignment]
):
    """Review assignments: one's own; for the R&D office and auditors, all."""

    queryset = ReviewAssignment.objects.none()
    serializer_class = AssignmentSerializer
    lookup_value_regex = r"[0-9]{1,18}"

    def get_queryset(self) -> QuerySet[ReviewAssignment]:
        visible = ReviewAssignment.objects.visible_to(actor(self.request))
        return visible.select_related("proposal").order_by("-pk")

    def _mine(self, request: Request, pk: str) -> ReviewAssignment:
        return get_object_or_404(self.get_queryset().filter(reviewer=actor(request)), pk=pk)

    @extend_schema(request=DeclareInput, responses=AssignmentSerializer)
    @action(detail=True, methods=["post"])
    def declare(self, request: Request, pk: str) -> Response:
        """Declare a conflict and decline, or none and take the review on."""
        assignment = self._mine(request, pk)
        data = valid_input(DeclareInput, request)
        done = actions.declare(assignment, **data, by=actor(request))
        return Response(self.get_serializer(done).data)

    @extend_schema(request=ReviewInput, responses=ReviewSerializer)
    @action(detail=True, methods=["post"])
    def submit(self, request: Request, pk: str) -> Response:
        assignment = self._mine(request, pk)
        data = valid_input(ReviewInput, request)
        marks = {
            row["criterion"]: actions.Mark(row["value"], row["reason"])
            for row in data.pop("scores")
        }
        review = actions.submit(assignment, marks=marks, **data, by=actor(request))
        stored = with_scores(Review.objects.filter(pk=review.pk)).get()
        return Response(ReviewSerializer(stored).data)

    @extend_schema(responses=ReviewSerializer(many=True))
    @action(detail=True, methods=["get"], pagination_class=None)
    def reviews(self, request: Request, **_kwargs: Any) -> Response:
        """The reviews of the same proposal that this person may read now."""
        assignment = self.get_object()
        rows = Review.objects.visible_to(actor(request)).filter(
            assignment__proposal=assignment.proposal_id
        )
        return Response(ReviewSerializer(with_scores(rows).order_by("pk"), many=True).data)

    @extend_schema(request=DeclineInput, responses=AssignmentSerializer)
    @action(detail=True, methods=["post"])
    def decline(self, request: Request, pk: str) -> Response:
        """Decline without a conflict, perhaps naming somebody else."""
        assignment = self._mine(request, pk)
        data = valid_input(DeclineInput, request)
        done = actions.decline(assignment, **data, by=actor(request))
        return Response(self.get_serializer(done).data)

    @extend_schema(request=ReviewDraftInput, responses=ReviewDraftSerializer)
    @action(detail=True, methods=["post"])
    def draft(self, request: Request, pk: str) -> Response:
        """Keep what is written so far; a newer draft is never overwritten."""
        assignment = self._mine(request, pk)
        data = valid_input(ReviewDraftInput, request)
        version = data.pop("version")
        data["scores"] = {
            str(row["criterion"]): {"value": row["value"], "reason": row["reason"]}
            for row in data["scores"]
        }
        saved = review_drafts.save(assignment, content=data, version=version, by=actor(request))
        return Response(ReviewDraftSerializer(saved).data)

    @extend_schema(request=None, responses=AssignmentSerializer)
    @action(detail=True, methods=["post"])
    def revise(self, request: Request, pk: str) -> Response:
        """Reopen one's own review while rebuttal is open."""
        done = care.revise(self._mine(request, pk), by=actor(request))
        return Response(self.get_serializer(done).data)

    @extend_schema(request=None, responses=AssignmentSerializer)
    @action(detail=True, methods=["post"])
    def keep(self, request: Request, pk: str) -> Response:
        """Leave a reopened review as it was."""
        done = care.keep(self._mine(request, pk), by=actor(request))
        return Response(self.get_serializer(done).data)

    @extend_schema(request=DueInput, responses=AssignmentSerializer)
    @action(detail=True, methods=["post"])
    def extend(self, request: Request, **_kwargs: Any) -> Response:
        """Give more time, by the office."""
        data = valid_input(DueInput, request)
        done = care.extend(self.get_object(), **data, by=actor(request))
        return Response(self.get_serializer(done).data)

    @extend_schema(request=ReasonedInput, responses=AssignmentSerializer)
    @action(detail=True, methods=["post"], url_path="take-back", url_name="take-back")
    def take_back(self, request: Request, **_kwargs: Any) -> Response:
        """Take the invitation back, by the office."""
        data = valid_input(ReasonedInput, request)
        done = care.take_back(self.get_object(), **data, by=actor(request))
        return Response(self.get_serializer(done).data)

    @extend_schema(request=ReplaceInput, responses={201: AssignmentSerializer})
    @action(detail=True, methods=["post"])
    def replace(self, request: Request, **_kwargs: Any) -> Response:
        """Take the invitation back and invite somebody else. Answers with the new one."""
        data = valid_input(ReplaceInput, request)
        made = care.replace(self.get_object(), **data, by=actor(request))
        return Response(self.get_serializer(made).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=DueInput, responses=AssignmentSerializer)
    @action(detail=True, methods=["post"])
    def reopen(self, request: Request, **_kwargs: Any) -> Response:
        """Ask for a revision of a review that is in, by the office."""
        data = valid_input(DueInput, request)
        done = care.reopen(self.get_object(), **data, by=actor(request))
        return Response(self.get_serializer(done).data)
