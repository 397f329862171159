"""What the walk prints, and how it stops."""

import sys
import time
from typing import NoReturn


class NotAsItShould(Exception):
    """Something was seen that the chain does not allow. The walk ends here."""


class Report:
    """Numbered steps with their facts, each with the seconds since the walk began."""

    def __init__(self) -> None:
        self.began = time.monotonic()

    def step(self, number: int, title: str) -> None:
        sys.stdout.write(f"\n{number}. {title}\n")
        sys.stdout.flush()

    def fact(self, name: str, value: object) -> None:
        sys.stdout.write(f"   {name:<28} {value}\n")
        sys.stdout.flush()

    def end(self) -> None:
        seconds = time.monotonic() - self.began
        sys.stdout.write(f"\nEvery link of the chain is there and checked, in {seconds:.0f} s.\n")


def fail(message: str) -> NoReturn:
    raise NotAsItShould(message)


def expect(condition: object, message: str) -> None:
    """End the walk with `message` unless `condition` holds."""
    if not condition:
        fail(message)
