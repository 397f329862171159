"""People over the API: oneself, and those whom one may see."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, serializers, viewsets
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from consortium.http import actor
from consortium.models import Affiliation, User
from consortium.roles import roles_of, standing

PERSON_FIELDS = ("id", "email", "name_en", "name_zh", "orcid", "affiliations")


class AffiliationSerializer(serializers.ModelSerializer[Affiliation]):
    institution = serializers.SlugRelatedField[Any](slug_field="slug", read_only=True)

    class Meta:
        model = Affiliation
        fields = ("institution", "role", "since", "until")
        read_only_fields = fields


class PersonSerializer(serializers.ModelSerializer[User]):
    affiliations = AffiliationSerializer(many=True, read_only=True)

    class Meta:
        model = User
        fields = PERSON_FIELDS
        read_only_fields = fields


class MeSerializer(serializers.ModelSerializer[User]):
    """Oneself, with what one's roles allow today."""

    affiliations = AffiliationSerializer(many=True, read_only=True)
    roles = serializers.SerializerMethodField()
    permissions = serializers.SerializerMethodField()

    class Meta:
        model = User
        fields = (*PERSON_FIELDS, "language", "roles", "permissions")
        read_only_fields = fields

    def get_roles(self, person: User) -> list[str]:
        return sorted(roles_of(person))

    def get_permissions(self, person: User) -> list[str]:
        return sorted(standing(person).permissions)


@extend_schema_view(
    list=extend_schema(summary="List the people whom you may see"),
    retrieve=extend_schema(summary="Read one person"),
)
class PersonViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[User]
):
    """Colleagues at one's institutions; everybody for holders of an office."""

    queryset = User.objects.none()
    serializer_class = PersonSerializer

    def get_queryset(self) -> QuerySet[User]:
        visible = User.objects.visible_to(actor(self.request))
        return visible.prefetch_related("affiliations__institution").order_by("pk")


class MeView(APIView):
    """Who the credential stands for."""

    @extend_schema(summary="Who am I?", responses=MeSerializer)
    def get(self, request: Request) -> Response:
        return Response(MeSerializer(actor(request)).data)
