"""`make bench` works: each benchmark prints its lines, whole and exact, in a small run."""

import json
import os
import subprocess
import sys

import pytest
from django.conf import settings

pytestmark = [pytest.mark.services, pytest.mark.slow]

STEPS = (
    *("closed", "sent_to_centres", "technical_reviews", "infeasible_rejected", "assignment"),
    *("invitations", "declarations", "reviews", "ranking", "scores_normalised", "awards"),
    *("adopted", "two_signatures_and_published", "letters", "acceptances", "grants_open"),
    *("waitlist_moved", "pages", "checked", "made_up_to_ranked"),
)
EXPECTED = {
    "ledger_contended",
    "ledger_spread",
    "ledger_spread_action",
    "ledger_batch",
    "ledger_batch_action",
    "reviewer_assignment",
    "awards_30x4",
    "usage_day",
    "usage_day_again",
    *(f"lists_{noun}" for noun in ("proposals", "reviews", "allocations", "usage", "movements")),
    *(f"full_call_{step}" for step in STEPS),
}


def _bench(*options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bench", *options],
        cwd=settings.BASE_DIR,
        env={name: value for name, value in os.environ.items() if name != "DATABASE_URL"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_benchmark_prints_its_lines():
    done = _bench("--quick")
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert {line["name"] for line in lines} == EXPECTED
    for line in lines:
        assert line["value"] > 0 and line["peer"]["value"] > 0 and line["unit"] and line["commit"]
    contended = lines[0]
    assert contended["accepted"] + contended["refused"] == contended["debits"]
    assert contended["refused"] > 0


def test_an_unknown_name_is_refused():
    done = _bench("--only", "nothing")
    assert done.returncode == 2
    assert "ledger_spread" in done.stderr
