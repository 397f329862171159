"""Use it or lose it: what a grant loses on a day, by its figures. Pure: no database.

The ladder is a rule of the programme (programme.Reclaim). Of the days whose notice has begun
only the last counts, so that a grant which the office passed over is not taken from twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from compute_grants import programme

HOUR = 3600


@dataclass(frozen=True, slots=True)
class Standing:
    """One grant on one day. In seconds of its unit.

    granted: released to use; used: charged for; free: neither used nor held by anything.
    began_on: from when it could be used: its first day, or the day of its award if later.
    settled: the days of the ladder that were dealt with.
    """

    starts_on: date
    began_on: date
    ends_on: date
    granted: int
    used: int
    free: int
    settled: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What would be taken and why.

    rung: the step of the ladder that applies; checkpoint: its day; due_on: the day on which it
    may be taken, when notice is given on the day asked about; seconds: whole hours.
    """

    rung: programme.Rung
    checkpoint: date
    due_on: date
    seconds: int


def verdict(grant: Standing, rule: programme.Reclaim, today: date) -> Verdict | None:
    """What the rule says of a grant today; None where nothing is to be taken."""
    by_day = _day(grant, rule, today)
    if by_day is None:
        return None
    checkpoint = grant.starts_on + timedelta(days=by_day)
    due_on = max(checkpoint, today + timedelta(days=rule.notice_days))
    if due_on > grant.ends_on or (due_on - grant.began_on).days < rule.grace_days:
        return None
    rung = rung_of(grant.used, grant.granted, rule, by_day)
    seconds = share(grant.free, rung) if rung else 0
    return Verdict(rung, checkpoint, due_on, seconds) if rung and seconds else None


def _day(grant: Standing, rule: programme.Reclaim, today: date) -> int | None:
    """The last day of the ladder whose notice has begun; None where it is settled, or none has."""
    notice = timedelta(days=rule.notice_days)
    days = {rung.by_day for rung in rule.rungs}
    begun = [n for n in days if grant.starts_on + timedelta(days=n) - notice <= today]
    last = max(begun, default=None)
    return None if last in grant.settled else last


def rung_of(used: int, granted: int, rule: programme.Reclaim, by_day: int) -> programme.Rung | None:
    """The lowest step of that day that a grant stays below. Compared as products."""
    steps = sorted(
        (rung for rung in rule.rungs if rung.by_day == by_day), key=lambda rung: rung.below_percent
    )
    return next((rung for rung in steps if used * 100 < granted * rung.below_percent), None)


def share(free: int, rung: programme.Rung) -> int:
    """That share of what is free, in whole hours, rounded down."""
    return max(free, 0) * rung.take_percent // (100 * HOUR) * HOUR
