"""What people choose for themselves. No rule forbids it and no event records it."""

from __future__ import annotations

from consortium.models import User


def choose_language(language: str, *, by: User) -> None:
    """Keep the language in which this person reads; an unknown one changes nothing."""
    if language in User.Language.values:
        by.language = language
        by.save(update_fields=["language"])
