"""Letters about decisions over the API."""

from __future__ import annotations

from django.db.models import QuerySet
from rest_framework import mixins, serializers, viewsets

from compute_grants.api.inputs import CODE
from compute_grants.models import DecisionLetter
from consortium.http import actor


class DecisionLetterSerializer(serializers.ModelSerializer[DecisionLetter]):
    """content: the letter word for word in both languages; sha256: of its canonical JSON."""

    content = serializers.JSONField(read_only=True)

    class Meta:
        model = DecisionLetter
        fields = ("number", "issued_at", "sha256", "content")
        read_only_fields = fields


class DecisionLetterViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[DecisionLetter]
):
    """Letters to oneself; for the panel, the R&D office and auditors, those they may read."""

    queryset = DecisionLetter.objects.none()
    serializer_class = DecisionLetterSerializer
    lookup_field = "number"
    lookup_value_regex = CODE

    def get_queryset(self) -> QuerySet[DecisionLetter]:
        return DecisionLetter.objects.visible_to(actor(self.request)).order_by("-pk")
