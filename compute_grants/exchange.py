"""Changing time of one resource into time of another, exactly.

A rate says what an hour of a resource is worth in credits. Seconds are whole and rates are
fractions, so that most amounts cannot be changed without a rest. The rule: of the amount
offered, the largest part that is worth a whole number of the other's seconds is changed, and
the rest stays with the giver. What is given and what is received are then worth exactly the
same; no credit is made or lost by rounding.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Exchange:
    """gives + rest is what was offered; gives and receives are worth the same."""

    gives: int
    receives: int
    rest: int


def change(offered: int, giving: Fraction, receiving: Fraction) -> Exchange:
    """Change up to `offered` seconds at two rates (credits per hour, both above zero).

    With receiving/giving = a/b in lowest terms, every a seconds given are worth b received.
    Raises ValueError for a rate that is not above zero or a negative amount.
    """
    if giving <= 0 or receiving <= 0:
        raise ValueError("a rate is above zero")
    if offered < 0:
        raise ValueError("an amount is not negative")
    ratio = receiving / giving
    times = offered // ratio.numerator
    gives = times * ratio.numerator
    return Exchange(gives, times * ratio.denominator, offered - gives)
