"""A call's dates as bars over time, for the picture on its page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from compute_grants.models import Call, CallRound

ROW_PIXELS = 26
THINNEST = 0.8  # percent: a bar is seen however short it is


@dataclass(frozen=True, slots=True)
class Bar:
    """One span of time. left, width: in percent of the picture; top: in pixels.

    kind: open (takes proposals), review, decision, award. until_day: its end is that whole day.
    """

    number: int
    kind: str
    label: str
    starts_at: datetime
    ends_at: datetime
    left: float
    width: float
    top: int
    whole_days: bool = False

    @property
    def first_day(self) -> date:
        return timezone.localdate(self.starts_at)

    @property
    def last_day(self) -> date:
        return timezone.localdate(self.ends_at - timedelta(seconds=1))


@dataclass(frozen=True, slots=True)
class Calendar:
    """The bars in order, and where today stands in percent; None outside."""

    bars: list[Bar]
    now: float | None
    height: int

    @property
    def first_day(self) -> date:
        return self.bars[0].first_day

    @property
    def last_day(self) -> date:
        return max(bar.last_day for bar in self.bars)

    @property
    def base(self) -> int:
        """Where the axis stands, in pixels from the top."""
        return self.height - ROW_PIXELS


@dataclass(frozen=True, slots=True)
class _Span:
    kind: str
    label: str
    starts_at: datetime
    ends_at: datetime
    whole_days: bool = False


def calendar(call: Call, rounds: list[CallRound], now: datetime) -> Calendar:
    """The rounds with their reviews and decisions, then the award period. No query."""
    spans = [span for each in rounds for span in _of_round(each, several=len(rounds) > 1)]
    if not spans:
        spans = [_Span("open", _("Takes proposals"), call.opens_at, call.closes_at)]
    if call.awards_from and call.awards_until:
        begin, end = _midnight(call.awards_from), _midnight(call.awards_until + timedelta(days=1))
        spans.append(_Span("award", _("Awarded time can be used"), begin, end, whole_days=True))
    first = min(span.starts_at for span in spans)
    length = (max(span.ends_at for span in spans) - first).total_seconds()

    def share(moment: datetime) -> float:
        return round(100 * (moment - first).total_seconds() / length, 2)

    bars = [
        Bar(
            number=n,
            kind=span.kind,
            label=span.label,
            starts_at=span.starts_at,
            ends_at=span.ends_at,
            left=min(share(span.starts_at), 100 - THINNEST),
            width=max(share(span.ends_at) - share(span.starts_at), THINNEST),
            top=(n - 1) * ROW_PIXELS,
            whole_days=span.whole_days,
        )
        for n, span in enumerate(spans, start=1)
    ]
    here = share(now)
    inside = here if 0 <= here <= 100 else None  # noqa: PLR2004  percent
    return Calendar(bars, inside, height=(len(bars) + 1) * ROW_PIXELS)


def _of_round(each: CallRound, *, several: bool) -> list[_Span]:
    number = {"n": each.position}
    labels = {
        "open": _("Takes proposals"),
        "review": _("Reviews come in"),
        "decision": _("Decisions come out"),
    }
    if several:
        labels = {
            "open": _("Round %(n)s takes proposals") % number,
            "review": _("Reviews of round %(n)s come in") % number,
            "decision": _("Decisions of round %(n)s come out") % number,
        }
    spans = [_Span("open", labels["open"], each.opens_at, each.closes_at)]
    last = each.closes_at
    if each.review_by and each.review_by > last:
        spans.append(_Span("review", labels["review"], last, each.review_by))
        last = each.review_by
    if each.decision_by and each.decision_by > last:
        spans.append(_Span("decision", labels["decision"], last, each.decision_by))
    return spans


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
