"""Which stage of the work a job belongs to. Pure: no Django, no database.

What the job states about itself goes first, as in `--comment=portal:stage=inference`; then the
machine's rules in their order, the first that fits; then training, which most time goes to.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache

STAGES = frozenset({"development", "training", "finetuning", "inference"})
FIELDS = ("partition", "qos", "comment")
USUAL = "training"
REMEMBERED = 8192

StageOf = Callable[[str, str, str], str]  # (partition, qos, comment) -> stage

_STATED = re.compile(r"\bportal:(?:[\w=-]+,)*stage=([a-z-]+)")


@dataclass(frozen=True, slots=True)
class StageRule:
    """Jobs whose `field` is `value` (for a comment: holds it as a word) are of `stage`."""

    field: str
    value: str
    stage: str

    def fits(self, partition: str, qos: str, comment: str) -> bool:
        if self.field == "comment":
            return re.search(rf"(?<![\w-]){re.escape(self.value)}(?![\w-])", comment) is not None
        return (partition if self.field == "partition" else qos) == self.value


@lru_cache(REMEMBERED)
def stated(comment: str) -> str | None:
    """What the job's comment states, if anything that there is."""
    match = _STATED.search(comment)
    stage = match[1].replace("-", "") if match else ""
    return stage if stage in STAGES else None


def stated_stage(partition: str, qos: str, comment: str) -> str:  # noqa: ARG001  a StageOf
    """The stage where the machine has no rules."""
    return (stated(comment) if comment else None) or USUAL


def by_rules(rules: Iterable[StageRule]) -> StageOf:
    ordered = tuple(rules)
    if not ordered:
        return stated_stage

    @lru_cache(REMEMBERED)
    def stage_of(partition: str, qos: str, comment: str) -> str:
        found = stated(comment) if comment else None
        fitting = (rule.stage for rule in ordered if rule.fits(partition, qos, comment))
        return found or next(fitting, USUAL)

    return stage_of
