"""Rebuttal over the API: opened by the office, answered by the lead."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from compute_grants.actions import rebuttals as actions
from compute_grants.api.inputs import valid_input
from compute_grants.api.reviews import ScoreSerializer
from compute_grants.models import Proposal, RebuttalWindow, Review
from compute_grants.policies import reviews as policy
from compute_grants.queries.rebuttals import reviews_to_answer
from consortium.api.serializers import StrictSerializer
from consortium.http import actor


class WindowSerializer(serializers.ModelSerializer[RebuttalWindow]):
    proposal = serializers.CharField(source="proposal.number", read_only=True)

    class Meta:
        model = RebuttalWindow
        fields = ("id", "proposal", "opened_at", "until")
        read_only_fields = fields


class BlindReviewSerializer(serializers.ModelSerializer[Review]):
    """A review as its applicant reads it: no name, no confidential note."""

    scores = ScoreSerializer(many=True, read_only=True, source="given")
    answer = serializers.CharField(source="rebuttal.text", default="", read_only=True)

    class Meta:
        model = Review
        fields = ("id", "comment", "submitted_at", "version", "scores", "answer")
        read_only_fields = fields


class OpenInput(StrictSerializer):
    proposal = serializers.CharField(max_length=16)
    until = serializers.DateTimeField()


class AnswerInput(StrictSerializer):
    review = serializers.IntegerField(min_value=1, max_value=2**62)
    text = serializers.CharField(max_length=6000)


class RebuttalViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[RebuttalWindow]
):
    """Rebuttal windows of the proposals one may read."""

    queryset = RebuttalWindow.objects.none()
    serializer_class = WindowSerializer
    lookup_value_regex = r"[0-9]{1,18}"

    def get_queryset(self) -> QuerySet[RebuttalWindow]:
        visible = RebuttalWindow.objects.visible_to(actor(self.request))
        return visible.select_related("proposal").order_by("-pk")

    @extend_schema(responses=BlindReviewSerializer(many=True))
    @action(detail=True, methods=["get"], pagination_class=None)
    def reviews(self, request: Request, **_kwargs: Any) -> Response:
        """The reviews to answer, for the lead."""
        window = self.get_object()
        policy.can_answer_reviews(actor(request), window.proposal).require()
        rows = reviews_to_answer(window.proposal)
        return Response(BlindReviewSerializer(rows, many=True).data)

    @extend_schema(request=OpenInput, responses={201: WindowSerializer})
    @action(detail=False, methods=["post"])
    def open(self, request: Request) -> Response:
        """Open rebuttal, or move its end on; by the office."""
        data = valid_input(OpenInput, request)
        visible = Proposal.objects.visible_to(actor(request))
        proposal = get_object_or_404(visible, number=data["proposal"])
        window = actions.open_window(proposal, until=data["until"], by=actor(request))
        return Response(self.get_serializer(window).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=AnswerInput, responses=BlindReviewSerializer)
    @action(detail=True, methods=["post"])
    def answer(self, request: Request, **_kwargs: Any) -> Response:
        """Answer one review, once."""
        window = self.get_object()
        policy.can_answer_reviews(actor(request), window.proposal).require()
        data = valid_input(AnswerInput, request)
        rows = Review.objects.counted().filter(assignment__proposal=window.proposal)
        review = get_object_or_404(rows, pk=data["review"])
        actions.answer(review, text=data["text"], by=actor(request))
        fresh = next(row for row in reviews_to_answer(window.proposal) if row.pk == review.pk)
        return Response(BlindReviewSerializer(fresh).data)
