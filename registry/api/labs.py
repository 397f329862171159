"""Labs over the API."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from compute_grants.api.inputs import valid_input
from consortium.api.serializers import StrictSerializer
from consortium.http import actor
from consortium.models import Institution, User
from registry.actions import labs as actions
from registry.models import LAB_SLUG, Lab, LabMember

TEXT: dict[str, Any] = {"max_length": 20_000, "required": False, "allow_blank": True, "default": ""}


class LabSerializer(serializers.ModelSerializer[Lab]):
    institution = serializers.SlugRelatedField[Institution](slug_field="slug", read_only=True)

    class Meta:
        model = Lab
        fields: tuple[str, ...] = (
            "slug",
            "name_en",
            "name_zh",
            "about_en",
            "about_zh",
            "institution",
            "created_at",
        )
        read_only_fields = fields


class LabInput(StrictSerializer):
    institution = serializers.SlugField(max_length=40)
    slug = serializers.RegexField(LAB_SLUG, min_length=2, max_length=40)
    name_en = serializers.CharField(max_length=200)
    name_zh = serializers.CharField(max_length=200)
    about_en = serializers.CharField(**TEXT)
    about_zh = serializers.CharField(**TEXT)
    maintainer = serializers.EmailField(max_length=254)


class MemberInput(StrictSerializer):
    user = serializers.EmailField(max_length=254)
    role = serializers.ChoiceField(choices=LabMember.Role.choices, required=False)


class LabViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Lab]):
    """Labs; opened by admins of their institution, their people named by maintainers."""

    queryset = Lab.objects.none()
    serializer_class = LabSerializer
    lookup_field = "slug"
    lookup_value_regex = "[a-z0-9-]{1,40}"

    def get_queryset(self) -> QuerySet[Lab]:
        rows = Lab.objects.visible_to(self.request.user)
        return rows.select_related("institution").order_by("slug")

    @extend_schema(request=LabInput, responses={201: LabSerializer})
    def create(self, request: Request) -> Response:
        given = valid_input(LabInput, request)
        institution = get_object_or_404(Institution, slug=given.pop("institution"))
        maintainer = _person(given.pop("maintainer"), institution)
        lab = actions.create(institution, **given, maintainer=maintainer, by=actor(request))
        return Response(LabSerializer(lab).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=MemberInput, responses={204: None})
    @action(detail=True, methods=["post"], url_path="set-member", url_name="set-member")
    def set_member(self, request: Request, **_kwargs: Any) -> Response:
        lab, given = self.get_object(), valid_input(MemberInput, request)
        user = _person(given["user"], lab.institution)
        role = given.get("role", LabMember.Role.MEMBER)
        actions.set_member(lab, user, role=role, by=actor(request))
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=MemberInput, responses={204: None})
    @action(detail=True, methods=["post"], url_path="remove-member", url_name="remove-member")
    def remove_member(self, request: Request, **_kwargs: Any) -> Response:
        lab, given = self.get_object(), valid_input(MemberInput, request)
        user = _person(given["user"], lab.institution)
        actions.remove_member(lab, user, by=actor(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


def _person(email: str, institution: Institution) -> User:
    """Somebody of the institution; others are not told apart from nobody. Raises Http404."""
    rows = User.objects.filter(affiliations__institution=institution).distinct()
    return get_object_or_404(rows, email=email.lower())
