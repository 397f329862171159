from __future__ import annotations

import json
import subprocess
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any


class Failed(Exception):
    """A benchmark found something that must never be, such as an overdrawn account."""


def _figures(value: float) -> float:
    """To four figures that count: a step may take thousandths of a second."""
    return float(f"{value:.4g}")


@dataclass(frozen=True)
class Peer:
    """The limit, or the other way of doing it, measured in the same run."""

    name: str
    value: float


@dataclass(frozen=True)
class Result:
    """One line of output. value: not below `floor`, not above `ceiling`, where there is one."""

    name: str
    value: float
    unit: str
    peer: Peer
    floor: float | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    ceiling: float | None = None

    @property
    def missed(self) -> bool:
        below = self.floor is not None and self.value < self.floor
        return below or (self.ceiling is not None and self.value > self.ceiling)

    @property
    def ratio(self) -> float:
        return self.value / self.peer.value if self.peer.value else 0

    def line(self) -> str:
        body = {
            "name": self.name,
            "value": _figures(self.value),
            "unit": self.unit,
            "floor": self.floor,
            "ceiling": self.ceiling,
            "peer": {**asdict(self.peer), "value": _figures(self.peer.value)},
            "ratio": round(self.ratio, 3),
            "commit": commit(),
            **self.facts,
        }
        return json.dumps(body, ensure_ascii=False)


@cache
def commit() -> str:
    """The commit measured, marked when the tree differs from it; "unknown" outside git."""
    root = Path(__file__).resolve().parents[1]
    asked = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--abbrev=12"],  # noqa: S607
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    return asked.stdout.strip() or "unknown"
