"""Lists from a hundred rows to a hundred thousand: the same queries, and how long they take."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median, quantiles

from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext, override_settings

from bench import nouns, rows
from bench.result import Failed, Peer, Result
from consortium.models import User
from portal.runtime.postgres import Postgres

SIZES = (100, 1_000, 10_000, 100_000)
QUICK_SIZES = (10, 100)
VISITS = 20
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@dataclass(frozen=True, slots=True)
class Visit:
    """queries: of one visit, in SQL; median, p95: of several, in milliseconds."""

    queries: int
    median: float
    p95: float


def lists(_server: Postgres, _database: str, quick: bool) -> Iterator[Result]:
    """For each noun: a line a page, whose value is the p95 at the largest size.

    Raises Failed where a page takes more queries for more rows.
    """
    sizes = QUICK_SIZES if quick else SIZES
    with override_settings(ALLOWED_HOSTS=[*settings.ALLOWED_HOSTS, "testserver"]):
        for place, noun in enumerate(nouns.MEASURED):
            people = rows.cast(f"b{place}")
            yield from _noun(noun, people, sizes, 2 if quick else VISITS)


def _noun(noun: str, people: rows.Cast, sizes: tuple[int, ...], visits: int) -> Iterator[Result]:
    figures: dict[str, list[Visit]] = {}
    there = 0
    for size in sizes:
        nouns.MAKE[noun](people, size - there)
        there = size
        _analyse()
        for what, person, address in nouns.pages(noun, people):
            figures.setdefault(what, []).append(_visit(person, address, visits))
    for what, found in figures.items():
        yield _result(noun, what, found, sizes)


def _result(noun: str, what: str, found: list[Visit], sizes: tuple[int, ...]) -> Result:
    counts = [visit.queries for visit in found]
    if len(set(counts)) > 1 or not counts[0]:
        raise Failed(f"{noun}, {what}: {counts} queries at {sizes} rows")
    return Result(
        f"lists_{noun}",
        found[-1].p95,
        "ms p95",
        Peer(f"p95 at {sizes[0]} rows", found[0].p95),
        None,
        {
            "page": what,
            "queries": counts[0],
            "rows": list(sizes),
            "p95_ms": [round(visit.p95, 1) for visit in found],
            "median_ms": [round(visit.median, 1) for visit in found],
        },
    )


def _visit(person: User, address: str, visits: int) -> Visit:
    client = Client()
    client.force_login(person, backend=BACKEND)
    client.get(address)
    with CaptureQueriesContext(connection) as queries:
        answer = client.get(address)
    count = len(queries)  # now: the next request empties the log that this is read from
    if answer.status_code != 200:  # noqa: PLR2004  a page that opens
        raise Failed(f"{address}: {answer.status_code}")
    took = []
    for _ in range(visits):
        began = time.perf_counter()
        client.get(address)
        took.append((time.perf_counter() - began) * 1000)
    return Visit(count, median(took), quantiles(took, n=20, method="inclusive")[-1])


def _analyse() -> None:
    """As autovacuum would have done by the time that people look."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
