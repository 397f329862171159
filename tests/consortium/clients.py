"""Many clients at once against the real database: each thread with a connection of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.db import connection

CLIENTS = 64


def run_clients(work: Callable[[int], Any], clients: int = CLIENTS) -> list[Any]:
    """Call work(n) in `clients` threads that start together. Returns what each returned.

    Raises what the first of them raised.
    """
    ready = threading.Barrier(clients)

    def client(number: int) -> Any:
        connection.ensure_connection()
        try:
            ready.wait(timeout=30)
            return work(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(clients) as pool:
        return list(pool.map(client, range(clients)))


def refused(call: Callable[[], Any], *kinds: type[Exception]) -> bool:
    try:
        call()
    except kinds:
        return True
    return False


def deal(things: Sequence[Any], hands: int, hand: int) -> Sequence[Any]:
    """Every `hands`-th thing, beginning with the one of this hand."""
    return things[hand::hands]
