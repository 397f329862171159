"""Awards that wait for their leads, over the API."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from compute_grants.actions import acceptances as actions
from compute_grants.api.inputs import CODE, valid_input
from compute_grants.models import Acceptance
from consortium.api.serializers import StrictSerializer
from consortium.http import actor


class AcceptanceSerializer(serializers.ModelSerializer[Acceptance]):
    """letter_sha256: of the letter that states the terms; accepting names it."""

    proposal = serializers.CharField(source="decision.proposal.number", read_only=True)
    letter_sha256 = serializers.CharField(
        source="decision.letter.sha256", read_only=True, default=None
    )

    class Meta:
        model = Acceptance
        fields = (
            *("proposal", "state", "offered_at", "due_on", "letter_sha256"),
            *("answered_at", "reason"),
        )
        read_only_fields = fields


class AcceptTermsInput(StrictSerializer):
    letter_sha256 = serializers.CharField(min_length=64, max_length=64)


class DeclineAwardInput(StrictSerializer):
    reason = serializers.CharField(max_length=2000)


class AcceptanceViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Acceptance]
):
    """Awards with their lead's answer, of the proposals one may see."""

    queryset = Acceptance.objects.none()
    serializer_class = AcceptanceSerializer
    lookup_field = "decision__proposal__number"
    lookup_url_kwarg = "number"
    lookup_value_regex = CODE

    def get_queryset(self) -> QuerySet[Acceptance]:
        visible = Acceptance.objects.visible_to(actor(self.request))
        return visible.select_related("decision__proposal", "decision__letter").order_by("-pk")

    @extend_schema(request=AcceptTermsInput, responses=AcceptanceSerializer)
    @action(detail=True, methods=["post"])
    def accept(self, request: Request, **_kwargs: Any) -> Response:
        """As the lead: the grants open."""
        data = valid_input(AcceptTermsInput, request)
        done = actions.accept(self.get_object(), **data, by=actor(request))
        return Response(self.get_serializer(done).data)

    @extend_schema(request=DeclineAwardInput, responses=AcceptanceSerializer)
    @action(detail=True, methods=["post"])
    def decline(self, request: Request, **_kwargs: Any) -> Response:
        """As the lead: all of the time goes back to the call."""
        data = valid_input(DeclineAwardInput, request)
        done = actions.decline(self.get_object(), **data, by=actor(request))
        return Response(self.get_serializer(done).data)
