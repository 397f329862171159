"""API tokens over the API. Made and revoked only in a session, never by a token."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from consortium.actions import tokens
from consortium.api.reauthentication import require_recent_proof
from consortium.api.serializers import StrictSerializer
from consortium.http import actor
from consortium.models import ApiToken, Scope
from consortium.tokens import LONGEST


class TokenSerializer(serializers.ModelSerializer[ApiToken]):
    class Meta:
        model = ApiToken
        fields = (
            "id",
            "key_id",
            "label",
            "scopes",
            "created_at",
            "expires_at",
            "revoked_at",
            "last_used_at",
        )
        read_only_fields = fields


class NewTokenSerializer(serializers.Serializer[Any]):
    """The one answer that carries the token's text."""

    token = TokenSerializer(read_only=True)
    text = serializers.CharField(read_only=True)


class CreateTokenSerializer(StrictSerializer):
    label = serializers.CharField(max_length=80)  # type: ignore[assignment]
    scopes = serializers.ListField(
        child=serializers.ChoiceField(choices=Scope.choices), allow_empty=False
    )
    days = serializers.IntegerField(min_value=1, max_value=LONGEST.days, default=30)


@extend_schema_view(list=extend_schema(summary="List your tokens"))
class TokenViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[ApiToken]):
    """One's own tokens. The token itself is in the answer to its creation, and nowhere else."""

    queryset = ApiToken.objects.none()
    serializer_class = TokenSerializer

    def get_queryset(self) -> QuerySet[ApiToken]:
        return ApiToken.objects.filter(user=actor(self.request)).order_by("-created_at", "-pk")

    @extend_schema(
        summary="Create a token",
        request=CreateTokenSerializer,
        responses={201: NewTokenSerializer},
    )
    def create(self, request: Request) -> Response:
        require_recent_proof(request)
        data = CreateTokenSerializer(data=request.data)
        data.is_valid(raise_exception=True)
        new = tokens.create(**data.validated_data, by=actor(request))
        body = NewTokenSerializer(new).data
        return Response(body, status=status.HTTP_201_CREATED, headers={"Cache-Control": "no-store"})

    @extend_schema(summary="Revoke a token", request=None, responses=TokenSerializer)
    @action(detail=True, methods=["post"])
    def revoke(self, request: Request, **_kwargs: Any) -> Response:
        token = tokens.revoke(self.get_object(), by=actor(request))
        return Response(self.get_serializer(token).data)
