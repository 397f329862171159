"""The programme's rules over the API: read them, publish the next version."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from compute_grants import programme
from compute_grants.actions import programme as actions
from compute_grants.api.inputs import valid_input
from compute_grants.models import ProgrammePolicy
from compute_grants.queries import programme as queries
from consortium.api.serializers import StrictSerializer
from consortium.http import actor


class PublishSerializer(StrictSerializer):
    kind = serializers.ChoiceField(choices=list(programme.KINDS))
    since = serializers.DateField()
    body = serializers.DictField(help_text="Values left out take their founding figures.")
    note = serializers.CharField(max_length=300)


class PolicySerializer(serializers.ModelSerializer[ProgrammePolicy]):
    class Meta:
        model = ProgrammePolicy
        fields = ("kind", "since", "body", "note", "at")
        read_only_fields = fields


class ProgrammeViewSet(viewsets.GenericViewSet[ProgrammePolicy]):
    queryset = ProgrammePolicy.objects.none()
    serializer_class = PolicySerializer
    lookup_field = "kind"
    lookup_value_regex = r"[a-z_]+"
    pagination_class = None

    @extend_schema(summary="Read the programme's rules in force", responses=OpenApiTypes.OBJECT)
    def list(self, _request: Request) -> Response:
        return Response(
            [
                {
                    "kind": row.kind,
                    "since": row.version.since if row.version else None,
                    "body": row.body.as_json(),
                    "next_since": row.coming.since if row.coming else None,
                }
                for row in queries.policy_rows()
            ]
        )

    @extend_schema(
        summary="Publish the next version of a rule",
        request=PublishSerializer,
        responses={201: PolicySerializer},
    )
    def create(self, request: Request) -> Response:
        data = valid_input(PublishSerializer, request)
        row = actions.publish(**data, by=actor(request))
        return Response(PolicySerializer(row).data, status=201)

    @extend_schema(summary="Read every version of one rule", responses=PolicySerializer(many=True))
    @action(detail=True, methods=["get"])
    def versions(self, _request: Request, kind: str, **_kwargs: Any) -> Response:
        if kind not in programme.KINDS:
            raise Http404
        rows = [found.row for found in queries.versions(kind) if found.row]
        return Response(PolicySerializer(rows, many=True).data)
