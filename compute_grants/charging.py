"""What a job costs, from what it was given. Pure: no Django, no database.

The formulas are those of public programmes: the largest of three shares counts, because a job
that takes all memory of a node leaves nothing for others there. In hours:

    core-hours = max(cores, ceil(memory / x)) x hours
    card-hours = max(cards, ceil(cores / y), ceil(memory / x)) x hours

with x the memory that goes with one core or card (2 GB and 64 GB are common) and y the cores
that go with one card (8 is common). A share that the rule does not name does not count.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

CARDS = "gres/gpu"


class Rule(Protocol):
    """What `charge` reads of a rule; a stored ChargingRule is one, through `rule_of`."""

    @property
    def counts_cards(self) -> bool: ...

    @property
    def cores_per_card(self) -> int | None: ...

    @property
    def memory_bytes_per_unit(self) -> int | None: ...


@dataclass(frozen=True, slots=True)
class Shares:
    """A rule by itself. With both shares None it charges what was allocated, and no more."""

    counts_cards: bool
    cores_per_card: int | None = None
    memory_bytes_per_unit: int | None = None


def charge(rule: Rule, cards: int, cores: int, memory_bytes: int, seconds: int) -> int:
    """What the job costs, in seconds of the rule's unit (card-seconds or core-seconds).

    Counts are what was allocated, >= 0; raises ValueError below that.
    """
    if min(cards, cores, memory_bytes, seconds) < 0:
        raise ValueError("what a job was given is never negative")
    return units(rule, cards, cores, memory_bytes) * seconds


def units(rule: Rule, cards: int, cores: int, memory_bytes: int) -> int:
    """How many cards (or cores) the job counts as: the largest of its shares."""
    shares = [cards if rule.counts_cards else cores]
    if rule.counts_cards and rule.cores_per_card:
        shares.append(_ceil(cores, rule.cores_per_card))
    if rule.memory_bytes_per_unit:
        shares.append(_ceil(memory_bytes, rule.memory_bytes_per_unit))
    return max(shares)


def _ceil(amount: int, share: int) -> int:
    return -(-amount // share)
