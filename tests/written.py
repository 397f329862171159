"""What people wrote in one language only: shown as it is to readers of both."""

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.db import models

OURS = ("consortium", "compute_grants", "registry")
SHORTEST = 3


def texts() -> list[str]:
    """Every free text in the database, by the line, longest first.

    Fields that exist in both languages (`_en`, `_zh`) are left out: of them a page shows its own.
    """
    found: set[str] = set()
    for model in apps.get_models():
        if model._meta.app_label in OURS:
            for field in _free_texts(model):
                for value in model._base_manager.values_list(field, flat=True):
                    found.update(_lines(value))
    return sorted(found, key=len, reverse=True)


def _free_texts(model: type[models.Model]) -> list[str]:
    kinds = (models.CharField, models.TextField, models.JSONField)
    return [
        field.name
        for field in model._meta.local_fields
        if isinstance(field, kinds)
        and not field.choices
        and not field.name.endswith(("_en", "_zh"))
    ]


def _lines(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        lines = (" ".join(line.split()) for line in value.splitlines())
        yield from (line for line in lines if len(line) >= SHORTEST)
    elif isinstance(value, dict):
        for part in value.values():
            yield from _lines(part)
    elif isinstance(value, list):
        for part in value:
            yield from _lines(part)
