"""Teams over the API: asked by the lead, answered by each person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from compute_grants.actions import team as actions
from compute_grants.api.inputs import valid_input
from compute_grants.models import Proposal, TeamMember
from compute_grants.queries import team as queries
from consortium.api.serializers import StrictSerializer
from consortium.http import actor
from consortium.models import Institution, User

if TYPE_CHECKING:
    Base = viewsets.GenericViewSet[Proposal]
else:
    Base = object


class TeamMemberSerializer(serializers.ModelSerializer[TeamMember]):
    name = serializers.CharField(source="shown_name", read_only=True)
    institution = serializers.SlugRelatedField[Institution](slug_field="slug", read_only=True)

    class Meta:
        model = TeamMember
        fields = (
            "id",
            "name",
            "email",
            "role",
            "institution",
            "state",
            "invited_at",
            "answered_at",
            "note",
        )
        read_only_fields = fields


class TeamInvitationSerializer(TeamMemberSerializer):
    """As the invited person reads it; the proposal's text follows once they confirmed."""

    proposal = serializers.CharField(source="proposal.number", read_only=True)
    title_en = serializers.CharField(source="proposal.title_en", read_only=True)
    title_zh = serializers.CharField(source="proposal.title_zh", read_only=True)

    class Meta(TeamMemberSerializer.Meta):
        fields = (*TeamMemberSerializer.Meta.fields, "proposal", "title_en", "title_zh")  # type: ignore[assignment]
        read_only_fields = fields  # type: ignore[assignment]


class TeamInviteInput(StrictSerializer):
    """person: the id of a colleague's account; or email."""

    person = serializers.IntegerField(min_value=1, required=False)
    email = serializers.EmailField(required=False, default="", allow_blank=True)
    name = serializers.CharField(max_length=120, required=False, default="", allow_blank=True)
    role = serializers.ChoiceField(
        choices=[(role.value, role.label) for role in TeamMember.OFFERED],
        default=TeamMember.Role.MEMBER,
    )


class TeamUninviteInput(StrictSerializer):
    member = serializers.IntegerField(min_value=1)


class TeamAnswerInput(StrictSerializer):
    note = serializers.CharField(max_length=1000, required=False, default="", allow_blank=True)


class TeamMixin(Base):
    """A proposal's team, mixed into its viewset."""

    @extend_schema(request=None, responses=TeamMemberSerializer(many=True))
    @action(detail=True, methods=["get"], pagination_class=None, filter_backends=[])
    def team(self, request: Request, **_kwargs: Any) -> Response:  # noqa: ARG002  by DRF
        """Everybody asked onto the team, with their answers. The lead is not among them."""
        return self._team(self.get_object())

    @extend_schema(request=TeamInviteInput, responses={201: TeamMemberSerializer})
    @action(detail=True, methods=["post"])
    def invite(self, request: Request, **_kwargs: Any) -> Response:
        """Ask a colleague, by id, or anybody, by address."""
        proposal = self.get_object()
        data = valid_input(TeamInviteInput, request)
        if "person" in data:
            people = User.objects.visible_to(actor(request)).filter(is_active=True)
            data["person"] = get_object_or_404(people, pk=data["person"])
        member = actions.invite(proposal, **data, by=actor(request))
        return Response(TeamMemberSerializer(member).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=TeamUninviteInput, responses=TeamMemberSerializer(many=True))
    @action(detail=True, methods=["post"])
    def uninvite(self, request: Request, **_kwargs: Any) -> Response:
        """Take somebody off the team, or an invitation back."""
        proposal = self.get_object()
        data = valid_input(TeamUninviteInput, request)
        actions.remove(get_object_or_404(proposal.team, pk=data["member"]), by=actor(request))
        return self._team(proposal)

    @staticmethod
    def _team(proposal: Proposal) -> Response:
        return Response(TeamMemberSerializer(queries.team_of(proposal), many=True).data)


class TeamInvitationViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[TeamMember]
):
    """What one was asked to join, and one's answers."""

    queryset = TeamMember.objects.none()
    serializer_class = TeamInvitationSerializer
    lookup_value_regex = r"[0-9]{1,18}"

    def get_queryset(self) -> QuerySet[TeamMember]:
        rows = queries.invitations_of(actor(self.request)).select_related("institution")
        return rows.order_by("-pk")

    @extend_schema(request=None, responses=TeamInvitationSerializer)
    @action(detail=True, methods=["post"])
    def confirm(self, request: Request, **_kwargs: Any) -> Response:
        member = actions.confirm(self.get_object(), by=actor(request))
        return Response(self.get_serializer(member).data)

    @extend_schema(request=TeamAnswerInput, responses=TeamInvitationSerializer)
    @action(detail=True, methods=["post"])
    def decline(self, request: Request, **_kwargs: Any) -> Response:
        """Do not join, or leave."""
        data = valid_input(TeamAnswerInput, request)
        member = actions.decline(self.get_object(), **data, by=actor(request))
        return Response(self.get_serializer(member).data)
