"""One's own notices over the API."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from consortium.actions import notices
from consortium.api.serializers import StrictSerializer
from consortium.http import actor
from consortium.models import Notification, Topic

UNREAD = OpenApiParameter("unread", bool, description="1: only those not read.")


class NoticeSerializer(serializers.ModelSerializer[Notification]):
    """`text` is in the language of the caller; `facts` are what it speaks of."""

    text = serializers.CharField(read_only=True)

    class Meta:
        model = Notification
        fields = (
            "id",
            "code",
            "topic",
            "subject_type",
            "subject_id",
            "href",
            "facts",
            "text",
            "created_at",
            "read_at",
            "mailed_at",
        )
        read_only_fields = fields


class ReadAllSerializer(StrictSerializer):
    newest = serializers.IntegerField(
        required=False, min_value=0, help_text="The last you saw; later ones stay unread."
    )


class PreferencesSerializer(StrictSerializer):
    mailed = serializers.ListField(
        child=serializers.ChoiceField(Topic.choices), help_text="Topics in the daily mail."
    )


@extend_schema_view(
    list=extend_schema(summary="List your notices", parameters=[UNREAD]),
    retrieve=extend_schema(summary="Read one notice"),
)
class NoticeViewSet(viewsets.ReadOnlyModelViewSet[Notification]):
    """One's own notices, the newest first."""

    queryset = Notification.objects.none()
    serializer_class = NoticeSerializer

    def get_queryset(self) -> QuerySet[Notification]:
        rows = Notification.objects.visible_to(actor(self.request)).order_by("-pk")
        return rows.unread() if self.request.query_params.get("unread") == "1" else rows

    @extend_schema(summary="Mark it read", request=None, responses=NoticeSerializer)
    @action(detail=True, methods=["post"])
    def read(self, request: Request, **_kwargs: Any) -> Response:
        notice = notices.mark_read(self.get_object(), by=actor(request))
        return Response(self.get_serializer(notice).data)

    @extend_schema(
        summary="Mark all read",
        request=ReadAllSerializer,
        responses={200: {"type": "object", "properties": {"marked": {"type": "integer"}}}},
    )
    @action(detail=False, methods=["post"], url_path="read-all")
    def read_all(self, request: Request) -> Response:
        given = ReadAllSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        marked = notices.mark_all_read(by=actor(request), newest=given.validated_data.get("newest"))
        return Response({"marked": marked})

    @extend_schema(summary="Which topics come by mail", responses=PreferencesSerializer)
    @action(detail=False, methods=["get"])
    def preferences(self, request: Request) -> Response:
        return Response({"mailed": sorted(notices.topics_mailed_to(actor(request)))})

    @extend_schema(
        summary="Choose which topics come by mail",
        request=PreferencesSerializer,
        responses=PreferencesSerializer,
    )
    @preferences.mapping.put
    def set_preferences(self, request: Request) -> Response:
        given = PreferencesSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        person = actor(request)
        mailed = given.validated_data["mailed"]
        return Response(
            {"mailed": sorted(notices.set_preferences(person, mailed=mailed, by=person))}
        )
