"""One row of “What needs me / 待我处理”: a verb, an object, a reason and a due date."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal


@dataclass(frozen=True, slots=True)
class Task:
    """Something that waits for one person.

    verb: what the button says ("Review"); title: the object; why: one sentence;
    due: None when the rules set no date; tone: "seal" only for official acts.
    """

    verb: str
    title: str
    href: str
    why: str
    due: datetime | None = None
    tone: Literal["seal", "warn", "plain"] = "plain"


@dataclass(frozen=True, slots=True)
class Holding:
    """One of my grants, models or licences, for the dashboard's table."""

    kind: str
    number: str
    title: str
    href: str
    figure: str
    state: str
    tone: str = "neutral"
