"""Content that people write has both languages: `<name>_en` and `<name>_zh`."""

from django.db import models
from django.utils.translation import get_language


def reading_zh() -> bool:
    """Whether the reader's language is Chinese."""
    return (get_language() or "en").startswith("zh")


def localized(obj: object, name: str) -> str:
    """`obj`'s text in the reader's language, or in the other one where it is missing."""
    here, there = ("zh", "en") if reading_zh() else ("en", "zh")
    text: str = getattr(obj, f"{name}_{here}") or getattr(obj, f"{name}_{there}")
    return text


class NamedInBoth(models.Model):
    """Something with a name in each language."""

    name_en = models.CharField(max_length=200)
    name_zh = models.CharField(max_length=200)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        return localized(self, "name")
