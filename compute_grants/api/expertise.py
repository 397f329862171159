"""Reviewers' expertise and the list of topics over the API."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from compute_grants.actions import expertise as actions
from compute_grants.api.inputs import CODE, valid_input
from compute_grants.models import Expertise, ResearchTopic
from consortium.api.serializers import StrictSerializer
from consortium.http import actor
from consortium.models import User


class ResearchTopicSerializer(serializers.ModelSerializer[ResearchTopic]):
    class Meta:
        model = ResearchTopic
        fields = ("slug", "name_en", "name_zh", "keywords", "retired_at")
        read_only_fields = fields


class ResearchTopicInput(StrictSerializer):
    name_en = serializers.CharField(max_length=40)
    name_zh = serializers.CharField(max_length=40)
    keywords = serializers.ListField(
        child=serializers.CharField(max_length=60), required=False, max_length=30
    )


class ResearchTopicViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[ResearchTopic]):
    """Fields of research that reviewers choose. No secret: people and programs read it."""

    queryset = ResearchTopic.objects.order_by("slug")
    serializer_class = ResearchTopicSerializer
    lookup_field = "slug"
    lookup_value_regex = CODE

    @extend_schema(request=ResearchTopicInput, responses={201: ResearchTopicSerializer})
    def create(self, request: Request) -> Response:
        data = valid_input(ResearchTopicInput, request)
        made = actions.add_topic(**data, by=actor(request))
        return Response(self.get_serializer(made).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=None, responses=ResearchTopicSerializer)
    @action(detail=True, methods=["post"])
    def retire(self, request: Request, **_kwargs: Any) -> Response:
        """Offer it no longer; whoever chose it keeps it."""
        return Response(
            self.get_serializer(actions.retire_topic(self.get_object(), by=actor(request))).data
        )


class ExpertiseSerializer(serializers.ModelSerializer[Expertise]):
    topics = serializers.SlugRelatedField[ResearchTopic](
        slug_field="slug", many=True, read_only=True
    )

    class Meta:
        model = Expertise
        fields = ("person", "topics", "statement", "most_reviews", "away_until", "saved_at")
        read_only_fields = fields


class ExpertiseInput(StrictSerializer):
    """person: oneself by default; others for the office."""

    person = serializers.PrimaryKeyRelatedField(
        queryset=User.objects.filter(is_active=True), required=False
    )
    topics = serializers.SlugRelatedField(
        slug_field="slug", many=True, queryset=ResearchTopic.objects.all(), required=False
    )
    statement = serializers.CharField(max_length=4000, default="", allow_blank=True)
    most_reviews = serializers.IntegerField(
        min_value=0, max_value=Expertise.MOST, default=None, allow_null=True
    )
    away_until = serializers.DateField(default=None, allow_null=True)


class ExpertiseViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Expertise]
):
    """One's own; for the R&D office and auditors, that of all reviewers. By the person's id."""

    queryset = Expertise.objects.none()
    serializer_class = ExpertiseSerializer
    lookup_field = "person"
    lookup_value_regex = r"[0-9]{1,18}"

    def get_queryset(self) -> QuerySet[Expertise]:
        visible = Expertise.objects.visible_to(actor(self.request))
        return visible.prefetch_related("topics").order_by("pk")

    @extend_schema(request=ExpertiseInput, responses=ExpertiseSerializer)
    def create(self, request: Request) -> Response:
        """State it, in the place of what was stated before."""
        data = valid_input(ExpertiseInput, request)
        person = data.pop("person", actor(request))
        data.setdefault("topics", [])
        get_object_or_404(User.objects.visible_to(actor(request)), pk=person.pk)
        made = actions.state(person, **data, by=actor(request))
        return Response(self.get_serializer(made).data)
