"""A call's adjusted scores over the API."""

from __future__ import annotations

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from compute_grants.api.inputs import CODE, ROUND
from compute_grants.models import Call
from compute_grants.policies import normalisation as policy
from compute_grants.queries import normalised as queries
from compute_grants.queries.rounds import rounds_of
from consortium.api.serializers import StrictSerializer
from consortium.http import actor


class AdjustedSerializer(StrictSerializer):
    score = serializers.FloatField()
    error = serializers.FloatField()
    rank_low = serializers.IntegerField()
    rank_high = serializers.IntegerField()


class ScoreRowSerializer(StrictSerializer):
    """hidden: "interest" or "own_review" where the reader sees the number only."""

    number = serializers.CharField()
    hidden = serializers.CharField()
    raw = serializers.FloatField()
    adjusted = AdjustedSerializer(allow_null=True)
    group = serializers.IntegerField()


class NormalisationSerializer(StrictSerializer):
    """groups: how many sets of proposals share no reviewer with one another."""

    reviews = serializers.IntegerField()
    groups = serializers.IntegerField()
    noise = serializers.FloatField()
    proposals = ScoreRowSerializer(many=True)


class NormalisationViewSet(viewsets.GenericViewSet[Call]):
    """By the call's code, for the R&D office, auditors and the call's panel."""

    queryset = Call.objects.none()
    serializer_class = NormalisationSerializer
    lookup_field = "code"
    lookup_value_regex = CODE

    def get_queryset(self) -> QuerySet[Call]:
        return Call.objects.visible_to(actor(self.request))

    @extend_schema(parameters=[ROUND], responses=NormalisationSerializer)
    def retrieve(self, request: Request, **_kwargs: object) -> Response:
        """Scores as an average reviewer would have given them, the best first."""
        call = self.get_object()
        policy.can_read_adjusted(actor(request), call).require()
        rounds = rounds_of(call, request.query_params.get("round", ""))
        found = queries.reviewed(call, rounds.chosen)
        facts = {
            "reviews": found.reviews,
            "groups": found.fit.groups,
            "noise": found.fit.noise,
            "proposals": queries.score_rows(call, found, actor(request)),
        }
        return Response(NormalisationSerializer(facts).data)
