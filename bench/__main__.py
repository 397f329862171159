"""`python -m bench [--only NAME] [--quick]`: one JSON object a line.

name, value, unit, floor, ceiling, peer (the limit, or the other way, measured in the same run),
ratio, commit, and facts of the run. Exit 1 when something happened that must never happen, such
as an overdrawn account; a figure below its floor or above its ceiling is said on stderr and
exits 2.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator

import django
from django.core.management import call_command
from django.utils.module_loading import import_string

from bench import server
from bench.result import Failed, Result
from portal.runtime.postgres import Postgres

BENCHMARKS = {
    "ledger_contended": "bench.ledger.contended",
    "ledger_spread": "bench.ledger.spread",
    "ledger_batch": "bench.ledger.batch",
    "reviewer_assignment": "bench.matching.assignment",
    "awards": "bench.awards.run",
    "usage_day": "bench.usage.day",
    # Before the call: a short list beside its proposals shows some of these, and asks for more.
    "lists": "bench.lists.lists",
    "full_call": "bench.full_call.full_call",
}
DATABASE = "bench"
Benchmark = Callable[[Postgres, str, bool], Iterator[Result]]


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=BENCHMARKS, help="run this one")
    parser.add_argument("--quick", action="store_true", help="small, to see that it works")
    given = parser.parse_args()
    names = [given.only] if given.only else list(BENCHMARKS)
    with server.production_like() as postgresql:
        os.environ["DATABASE_URL"] = server.make_database(postgresql, DATABASE)
        os.environ.setdefault("PORTAL_TESTING", "1")
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
        django.setup()
        call_command("migrate", verbosity=0)
        return _run(names, postgresql, quick=given.quick)


def _run(names: list[str], postgresql: Postgres, *, quick: bool) -> int:
    missed = []
    try:
        for name in names:
            benchmark: Benchmark = import_string(BENCHMARKS[name])
            for result in benchmark(postgresql, DATABASE, quick):
                print(result.line(), flush=True)
                if result.missed and not quick:
                    missed.append(result.name)
    except Failed as failure:
        print(failure, file=sys.stderr)
        return 1
    if missed:
        print(f"beyond the limit: {', '.join(missed)}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
