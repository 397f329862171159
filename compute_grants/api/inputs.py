"""What the viewsets share."""

from __future__ import annotations

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.request import Request

from compute_grants.models import Machine, Resource
from consortium.api.serializers import StrictSerializer

CODE = r"[-A-Za-z0-9_]+"
ROUND = OpenApiParameter(
    "round", OpenApiTypes.INT, description="position of a round; by default the one closed last"
)


def valid_input(
    kind: type[StrictSerializer], request: Request, *, partial: bool = False
) -> dict[str, Any]:
    """The request's body, checked; with partial=True without the defaults of what is absent."""
    data = kind(data=request.data, partial=partial)
    data.is_valid(raise_exception=True)
    valid: dict[str, Any] = data.validated_data
    return valid


class ResourceNamed(StrictSerializer):
    """A resource by its machine's code and its TRES."""

    machine = serializers.SlugField(max_length=32)
    tres = serializers.ChoiceField(choices=Resource.Tres.choices, default="gres/gpu")


def resource_of(data: dict[str, Any], user: object) -> Resource:
    """The resource that `machine` and `tres` in `data` name, taken out of it; Http404 if unseen."""
    visible = Machine.objects.visible_to(user)
    resources = Resource.objects.filter(machine__in=visible).select_related("machine")
    return get_object_or_404(resources, machine__code=data.pop("machine"), tres=data.pop("tres"))
