"""Django's database from the event loop: in threads of the edges' own, each with a connection."""

from __future__ import annotations

import asyncio
import contextvars
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from django.db import InterfaceError, OperationalError, close_old_connections

P = ParamSpec("P")
T = TypeVar("T")

THREADS = 16
IDLE = 20.0
_last = threading.local()
_pool = ThreadPoolExecutor(THREADS, thread_name_prefix="edge")


def _with_connection(work: Callable[[], T]) -> T:
    """Asking whether a connection still lives costs a query, so only idle ones are asked."""
    if time.monotonic() - getattr(_last, "at", 0.0) > IDLE:
        close_old_connections()
    try:
        return work()
    except (OperationalError, InterfaceError):
        close_old_connections()
        raise
    finally:
        _last.at = time.monotonic()


async def in_thread(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run `work`, which may use the ORM, without blocking the loop."""
    context = contextvars.copy_context()
    return await asyncio.get_running_loop().run_in_executor(
        _pool, context.run, _with_connection, lambda: work(*args, **kwargs)
    )


async def off_loop(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run `work` that blocks (files) but does not use the database."""
    return await asyncio.to_thread(work, *args, **kwargs)
