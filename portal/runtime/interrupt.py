"""Being asked to end: noticed at once, acted on only where nothing is half done.

A signal handler that raised could strike between a child's start and our noting it down.
So it only takes note, and every wait goes through `pause`, which raises.
"""

import signal
import time
from collections.abc import Callable
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stop(BaseException):
    """Somebody asked us to end."""


class _Requests:
    count = 0
    again: Callable[[], None] | None = None  # what a further request does once we are ending


def listen() -> None:
    _Requests.count, _Requests.again = 0, None
    for number in SIGNALS:
        signal.signal(number, _note)


def asked() -> bool:
    return _Requests.count > 0


def now_ending(again: Callable[[], None]) -> None:
    """From here on `pause` raises no more; a further request calls `again`."""
    _Requests.again = again


def pause(seconds: float) -> None:
    """Sleep. Raises Stop when somebody asked us to end."""
    time.sleep(seconds)
    if asked() and _Requests.again is None:
        raise Stop


def _note(number: int, frame: FrameType | None) -> None:
    del number, frame
    _Requests.count += 1
    if _Requests.again:
        _Requests.again()
