"""Sets of decisions over the API: prepared, changed, signed by two, published."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from compute_grants.actions import decision_sets as actions
from compute_grants.api.inputs import CODE, valid_input
from compute_grants.models import Call, DecisionSet, DecisionSignature, PanelDecision, Proposal
from compute_grants.queries import decision_sets as queries
from compute_grants.queries.award_reasons import Limit
from consortium.api.reauthentication import require_recent_proof
from consortium.api.serializers import StrictSerializer
from consortium.errors import Invalid
from consortium.http import actor, proof_of_identity
from consortium.models import User

MOST_SECONDS = 10**16
MOST_CHOICES = 1000


class SetRowSerializer(serializers.ModelSerializer[DecisionSet]):
    call = serializers.SlugRelatedField[Call](slug_field="code", read_only=True)
    round = serializers.IntegerField(source="round.position", default=None, read_only=True)
    items = serializers.IntegerField(source="size", read_only=True)
    signatures = serializers.IntegerField(source="signed", read_only=True)

    class Meta:
        model = DecisionSet
        fields = (
            "number",
            "call",
            "round",
            "state",
            "items",
            "signatures",
            "made_at",
            "published_at",
        )
        read_only_fields = fields


class SetLineSerializer(serializers.Serializer[Any]):
    request = serializers.IntegerField(source="request_id")
    machine = serializers.CharField(source="request.resource.machine.code")
    tres = serializers.CharField(source="request.resource.tres")
    seconds = serializers.IntegerField()


class BoundSerializer(serializers.Serializer[Limit]):
    """bound: a code, text: its sentence in the reader's language. Figures that the reader is not
    told are 0: least and left in credits, merit and other as the award run weighed them.
    """

    bound = serializers.CharField()
    machine = serializers.CharField(source="resource.machine.code", default=None)
    tres = serializers.CharField(source="resource.tres", default=None)
    least = serializers.IntegerField(source="data.least")
    left = serializers.IntegerField(source="data.left")
    merit = serializers.FloatField(source="data.merit")
    other = serializers.FloatField(source="data.other")
    text = serializers.CharField()


class SetItemSerializer(serializers.Serializer[Any]):
    """A masked item is of the reader's own side: its number and nothing else."""

    number = serializers.CharField()
    masked = serializers.BooleanField()
    outcome = serializers.CharField(source="item.outcome", default=None)
    lines = SetLineSerializer(many=True)
    starts_on = serializers.DateField(source="item.starts_on", default=None)
    ends_on = serializers.DateField(source="item.ends_on", default=None)
    reason = serializers.CharField(source="item.reason", default=None)
    override_reason = serializers.CharField(source="item.override_reason", default=None)
    binding = BoundSerializer(source="limits", many=True)


class SetBudgetSerializer(serializers.Serializer[Any]):
    """wanted, after: null where they would tell a masked item."""

    machine = serializers.CharField(source="resource.machine.code")
    tres = serializers.CharField(source="resource.tres")
    left = serializers.IntegerField()
    wanted = serializers.IntegerField(allow_null=True)
    after = serializers.IntegerField(allow_null=True)


class SetSignatureSerializer(serializers.ModelSerializer[DecisionSignature]):
    by = serializers.CharField(source="by.name", read_only=True)

    class Meta:
        model = DecisionSignature
        fields = ("by", "at", "content_sha256")
        read_only_fields = fields


class SetSerializer(serializers.Serializer[Any]):
    """sha256: of all that the set says; a signature names it."""

    number = serializers.CharField(source="found.number")
    call = serializers.CharField(source="found.call.code")
    round = serializers.IntegerField(source="found.round.position", default=None)
    state = serializers.CharField(source="found.state")
    note = serializers.CharField(source="found.note")
    made_at = serializers.DateTimeField(source="found.made_at")
    proposed_at = serializers.DateTimeField(source="found.proposed_at", allow_null=True)
    published_at = serializers.DateTimeField(source="found.published_at", allow_null=True)
    sha256 = serializers.CharField()
    items = SetItemSerializer(source="rows", many=True)
    budget = SetBudgetSerializer(many=True)
    signatures = SetSignatureSerializer(many=True)


class ChoiceLineInput(StrictSerializer):
    request = serializers.IntegerField(min_value=1)
    seconds = serializers.IntegerField(min_value=1, max_value=MOST_SECONDS)


class DecisionInput(StrictSerializer):
    """lines and dates belong to an award and to nothing else."""

    outcome = serializers.ChoiceField(choices=PanelDecision.Outcome.choices)
    reason = serializers.CharField(max_length=20_000)
    override_reason = serializers.CharField(max_length=20_000, allow_blank=True, default="")
    lines = ChoiceLineInput(many=True, required=False)
    starts_on = serializers.DateField(required=False)
    ends_on = serializers.DateField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        awarded = attrs["outcome"] == PanelDecision.Outcome.AWARDED
        for name in ("lines", "starts_on", "ends_on"):
            if awarded and name not in attrs:
                raise serializers.ValidationError(
                    {name: [self.fields[name].error_messages["required"]]}
                )
            if not awarded:
                attrs.pop(name, None)
        return attrs


class ChoiceInput(DecisionInput):
    proposal = serializers.CharField(max_length=16)


class ChoicesInput(StrictSerializer):
    choices = serializers.ListField(child=ChoiceInput(), allow_empty=False, max_length=MOST_CHOICES)


class PrepareInput(ChoicesInput):
    call = serializers.SlugField(max_length=16)
    note = serializers.CharField(max_length=4000, allow_blank=True, default="")


class ProposalNamed(StrictSerializer):
    proposal = serializers.CharField(max_length=16)


class DiscardInput(StrictSerializer):
    reason = serializers.CharField(max_length=2000)


class SignSetInput(StrictSerializer):
    """content_sha256: of the set as it was read."""

    content_sha256 = serializers.CharField(min_length=64, max_length=64)


def choice_of(proposal: Proposal, data: dict[str, Any]) -> actions.Choice:
    """One checked input as what the actions take."""
    return actions.Choice(
        proposal,
        data["outcome"],
        {line["request"]: line["seconds"] for line in data.get("lines", [])},
        data.get("starts_on"),
        data.get("ends_on"),
        data["reason"],
        data["override_reason"],
    )


def choices_of(call: Call, given: list[dict[str, Any]], user: User) -> list[actions.Choice]:
    """The choices with their proposals, of which this person must see each. One query."""
    rows = Proposal.objects.visible_to(user).filter(call=call).select_related("call")
    found = {row.number: row for row in rows.filter(number__in=[one["proposal"] for one in given])}
    for one in given:
        if one["proposal"] not in found:
            message = _("There is no “%(number)s” in this call. Check the number.")
            raise Invalid({"choices": [message % {"number": one["proposal"]}]})
    return [choice_of(found[one["proposal"]], one) for one in given]


class DecisionSetViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[DecisionSet]):
    """Sets of decisions, for the call's panel, the R&D office and auditors."""

    queryset = DecisionSet.objects.none()
    serializer_class = SetRowSerializer
    lookup_field = "number"
    lookup_value_regex = CODE

    def get_queryset(self) -> QuerySet[DecisionSet]:
        return queries.set_rows(actor(self.request))

    def _answer(self, found: DecisionSet, code: int = status.HTTP_200_OK) -> Response:
        view = queries.set_view(found, actor(self.request))
        return Response(SetSerializer(view).data, status=code)

    @extend_schema(responses=SetSerializer)
    def retrieve(self, _request: Request, **_kwargs: Any) -> Response:
        return self._answer(self.get_object())

    @extend_schema(request=PrepareInput, responses={201: SetSerializer})
    def create(self, request: Request) -> Response:
        """A draft with these decisions."""
        data, user = valid_input(PrepareInput, request), actor(request)
        call = get_object_or_404(Call.objects.visible_to(user), code=data["call"])
        choices = choices_of(call, data["choices"], user)
        found = actions.prepare(call, choices=choices, note=data["note"], by=user)
        return self._answer(found, status.HTTP_201_CREATED)

    @extend_schema(request=ChoicesInput, responses=SetSerializer)
    @action(detail=True, methods=["post"])
    def put(self, request: Request, **_kwargs: Any) -> Response:
        """Add decisions, or change those on the same proposals. Signatures are cleared."""
        found, user = self.get_object(), actor(request)
        given = valid_input(ChoicesInput, request)["choices"]
        choices = choices_of(found.call, given, user)
        return self._answer(actions.put(found, choices=choices, by=user))

    @extend_schema(request=ProposalNamed, responses=SetSerializer)
    @action(detail=True, methods=["post"])
    def remove(self, request: Request, **_kwargs: Any) -> Response:
        """Take the decision on one proposal out."""
        found, user = self.get_object(), actor(request)
        number = valid_input(ProposalNamed, request)["proposal"]
        proposal = get_object_or_404(Proposal.objects.visible_to(user), number=number)
        return self._answer(actions.remove(found, proposal=proposal, by=user))

    @extend_schema(request=None, responses=SetSerializer)
    @action(detail=True, methods=["post"])
    def propose(self, request: Request, **_kwargs: Any) -> Response:
        """Ask for the two signatures."""
        return self._answer(actions.propose(self.get_object(), by=actor(request)))

    @extend_schema(request=DiscardInput, responses=SetSerializer)
    @action(detail=True, methods=["post"])
    def discard(self, request: Request, **_kwargs: Any) -> Response:
        data = valid_input(DiscardInput, request)
        return self._answer(actions.discard(self.get_object(), **data, by=actor(request)))

    @extend_schema(request=SignSetInput, responses=SetSerializer)
    @action(detail=True, methods=["post"])
    def sign(self, request: Request, **_kwargs: Any) -> Response:
        """In a session that has just proved who it is. The second signature publishes."""
        found = self.get_object()
        require_recent_proof(request)
        data = valid_input(SignSetInput, request)
        method, _at = proof_of_identity(request)
        return self._answer(actions.sign(found, **data, method=method, by=actor(request)))
