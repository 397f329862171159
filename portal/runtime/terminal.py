"""What the person at the terminal reads: one line a step, with its place and the seconds so far."""

import contextlib
import sys
import time


class Progress:
    """Numbered lines with seconds since the start; quiet once the reader has gone."""

    def __init__(self, steps: int) -> None:
        self.steps = steps
        self.done = 0
        self.began = time.monotonic()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.began

    def step(self, what: str) -> None:
        self.done += 1
        say(f"  [{self.done:>2}/{max(self.steps, self.done)}] {self.seconds:5.1f} s  {what}")


def say(line: str = "") -> None:
    with contextlib.suppress(OSError):  # the terminal may be gone; the work goes on
        print(line, flush=True)


def complain(line: str) -> None:
    with contextlib.suppress(OSError):
        print(line, file=sys.stderr, flush=True)
