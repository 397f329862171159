"""What an audit event tells people on the page of the thing it happened to.

The audit log prints an event's detail as it is stored. A history is read by leads and reviewers:
it says what they can use, in words, and leaves ids and hashes to the log.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal import formatting

WORDS = {
    "reason": gettext_lazy("Reason"),
    "note": gettext_lazy("Note"),
    "grant": gettext_lazy("Grant"),
    "seconds": gettext_lazy("Hours"),
    "since": gettext_lazy("From"),
    "starts_on": gettext_lazy("From"),
    "until": gettext_lazy("Until"),
    "until_on": gettext_lazy("Until"),
    "until_at": gettext_lazy("Until"),
    "due_on": gettext_lazy("Due"),
    "due_at": gettext_lazy("Due"),
    "version": gettext_lazy("Version"),
    "email": gettext_lazy("E-mail"),
}


def told(event: Any) -> list[tuple[str, str]]:
    """Label and value of each part of the event's detail that is meant for people."""
    detail = getattr(event, "detail", {})
    return [
        (str(WORDS[key]), _words(key, value))
        for key, value in detail.items()
        if key in WORDS and isinstance(value, (str, int)) and value not in {"", None}
    ]


def who(event: Any) -> str:
    """The actor's name; what the site does by itself is not "system" to its readers."""
    if getattr(event, "actor_id", 0) is None:
        return _("the portal itself")
    return str(event.actor_name)


def _words(key: str, value: str | int) -> str:
    if key == "seconds" and isinstance(value, int):
        return formatting.card_hours(value)
    if isinstance(value, str) and key.startswith(("since", "starts", "until", "due")):
        return _moment(value)
    return str(value)


def _moment(text: str) -> str:
    """An ISO day or moment as people read it; anything else as it is."""
    try:
        if len(text) == len("2026-01-31"):
            return formatting.moment(dt.date.fromisoformat(text))
        return formatting.moment(dt.datetime.fromisoformat(text))
    except ValueError:
        return text
