"""A past for the demo: the portal's clock set to a given moment while the demo is loaded.

Only this process is affected, and only what the portal itself dates. What the database dates
(leases, ledger entries) and what the sealer dates stays as it is.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from unittest.mock import patch

from django.apps import apps
from django.utils import timezone

_real_now = timezone.now


@contextmanager
def travelling() -> Iterator[None]:
    """Let `at` work: field defaults that are the clock itself follow it too."""
    with ExitStack() as stack:
        for model in apps.get_models():
            for field in model._meta.local_fields:
                if field.default is _real_now:
                    stack.enter_context(patch.object(field, "default", _now))
                    stack.enter_context(patch.object(field, "_get_default", _now))
        yield


def _now() -> datetime:
    return timezone.now()


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Run the block as if it were `moment`, its steps a second apart."""
    ticks = iter(range(10_000_000))

    def now() -> datetime:
        return moment + timedelta(milliseconds=next(ticks))

    with patch.object(timezone, "now", now):
        yield


def days(count: float) -> datetime:
    """The moment that many days from the real now; negative is the past."""
    return _real_now() + timedelta(days=count)
