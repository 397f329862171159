"""What rounds of one call must be to each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from compute_grants.models import CallRound
from consortium.errors import Invalid


@dataclass(frozen=True, slots=True)
class Window:
    """One round: when it opens and closes, and by when reviews and decisions are promised."""

    opens_at: datetime
    closes_at: datetime
    review_by: datetime | None = None
    decision_by: datetime | None = None


def window_of(each: CallRound) -> Window:
    return Window(each.opens_at, each.closes_at, each.review_by, each.decision_by)


def check_rounds(windows: Sequence[Window]) -> None:
    """Raise Invalid, by the round's number and field, unless rounds follow each other in order."""
    errors: dict[str, list[str]] = {}
    for n, window in enumerate(windows, start=1):
        if window.closes_at <= window.opens_at:
            errors[f"{n}.closes_at"] = [_("The round must close after it opens.")]
        if n > 1 and window.opens_at < windows[n - 2].closes_at:
            errors[f"{n}.opens_at"] = [_("The round must not open before the last one closes.")]
        if window.review_by and window.review_by < window.closes_at:
            errors[f"{n}.review_by"] = [_("Reviews are in after the round closes, not before.")]
        earliest = window.review_by or window.closes_at
        if window.decision_by and window.decision_by < earliest:
            errors[f"{n}.decision_by"] = [_("Decisions come after the reviews, not before.")]
    if errors:
        raise Invalid(errors)
