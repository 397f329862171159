"""The terms of a licence as input, from the one schema in registry.terms."""

from __future__ import annotations

from dataclasses import MISSING, Field, fields
from typing import Any

from rest_framework import serializers

from consortium.api.serializers import StrictSerializer
from consortium.errors import Invalid
from registry.models import FieldOfUse
from registry.terms import METER_PERIODS, METER_UNITS, UPDATES, Terms

InputField = serializers.Field[Any, Any, Any, Any]
_CHOICES = {"updates": UPDATES, "meter_unit": METER_UNITS, "meter_period": METER_PERIODS}


class TermsInput(StrictSerializer):
    """The terms put forward; what is left out takes its usual value. Amounts in fen, lengths
    in days or months as named. Validates to registry.terms.Terms."""

    def get_fields(self) -> dict[str, InputField]:
        return {term.name: _input_field(term) for term in fields(Terms)}

    def validate(self, attrs: dict[str, Any]) -> Any:
        values: dict[str, Any] = {
            n: tuple(v) if isinstance(v, list) else v for n, v in attrs.items()
        }
        try:
            return Terms(**values)
        except Invalid as error:
            raise serializers.ValidationError(error.errors) from None


def _input_field(term: Field[Any]) -> InputField:
    """What takes this term, by its annotation. Its bounds are for Terms to check."""
    given: dict[str, Any] = {"required": term.default is MISSING}
    if term.name in _CHOICES:
        return serializers.ChoiceField(choices=_CHOICES[term.name], **given)
    if term.type == "int":
        return serializers.IntegerField(**given)
    if term.type == "bool":
        return serializers.BooleanField(**given)
    if term.type == "str":
        return serializers.CharField(allow_blank=True, **given)
    listed = (
        serializers.ChoiceField(choices=FieldOfUse.choices)
        if term.name == "fields"
        else serializers.CharField()
    )
    return serializers.ListField(child=listed, max_length=500, **given)
