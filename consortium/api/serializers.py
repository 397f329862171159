"""What every serializer that takes input stands on."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers


class RefusesUnknown:
    """Mixed into a serializer: an input field it does not know is an error, not ignored.

    A misspelt or forged field would otherwise look accepted.
    """

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            writable = {n for n, f in self.fields.items() if not f.read_only}  # type: ignore[attr-defined]
            unknown = sorted(str(name) for name in data if name not in writable)
            if unknown:
                message = _("This field is not known here.")
                raise serializers.ValidationError({name: [message] for name in unknown})
        return super().to_internal_value(data)  # type: ignore[misc]


class StrictSerializer(RefusesUnknown, serializers.Serializer[Any]):
    """A plain input serializer that refuses unknown fields."""


class StrictModelSerializer(RefusesUnknown, serializers.ModelSerializer[Any]):
    """A model's input serializer that refuses unknown and read-only fields."""
