"""The checks of a request, and the ranking of machines: pure, without a database."""

from dataclasses import replace
from datetime import date

import pytest

from compute_grants import machine_ranking as ranking
from compute_grants import request_checks as checks
from compute_grants.grid import GridFactor
from compute_grants.request_checks import Level, Part, Site, Wanted

HOUR = 3600
GIGA = 10**9
GPU = Part(
    nodes=256,
    cards_per_node=8,
    cores_per_node=128,
    node_memory=1000 * GIGA,
    card_memory=64 * GIGA,
    max_wall_seconds=72 * HOUR,
    max_nodes=32,
    peaks={"BF16": 320_000, "FP64": 10_000},
)
SITE = Site("Qinghu", on_cards=True, units=2048, power_watts=2_048_000, parts=(GPU,))
ASKED = Wanted(seconds=6400 * HOUR, width=64, precision="BF16", runs=10, run_seconds=10 * HOUR)
FACTOR = GridFactor(date(2023, 1, 1), 2023, 500.0)


@pytest.mark.parametrize(
    ("check", "change", "level"),
    [
        (checks.arithmetic, {}, Level.OK),
        (checks.arithmetic, {"seconds": 7100 * HOUR}, Level.OK),  # within a tenth
        (checks.arithmetic, {"seconds": 8000 * HOUR}, Level.WARN),
        (checks.arithmetic, {"seconds": 3200 * HOUR}, Level.WARN),
        (checks.arithmetic, {"runs": None}, Level.WARN),
        (checks.length, {}, Level.OK),
        (checks.length, {"width": 1}, Level.WARN),
        (checks.length, {"width": 1, "seconds": 8761 * HOUR}, Level.ERROR),
        (checks.width, {}, Level.OK),
        (checks.width, {"width": 256}, Level.OK),  # all that one job may have
        (checks.width, {"width": 257}, Level.ERROR),
        (checks.wall_time, {}, Level.OK),
        (checks.wall_time, {"run_seconds": 73 * HOUR}, Level.WARN),
        (checks.memory, {"memory": 64 * GIGA}, Level.OK),
        (checks.memory, {"memory": 64 * GIGA + 1}, Level.ERROR),
        (checks.peak, {}, Level.OK),
        (checks.peak, {"precision": "FP8"}, Level.ERROR),
    ],
)
def test_levels(check, change, level):
    found = check(replace(ASKED, **change), SITE)
    assert (found.level, found.code) == (level, check.__name__)


@pytest.mark.parametrize(
    ("check", "change"),
    [(checks.wall_time, {"run_seconds": None}), (checks.memory, {"memory": None})],
)
def test_nothing_to_go_by(check, change):
    assert check(replace(ASKED, **change), SITE) is None


def test_a_wide_job_waits():
    whole = replace(SITE, parts=(replace(GPU, max_nodes=None),))
    assert checks.width(replace(ASKED, width=257), whole).level == Level.WARN


def test_the_sum_is_shown():
    found = checks.arithmetic(replace(ASKED, seconds=8000 * HOUR), SITE)
    assert found.numbers == {"product_seconds": 6400 * HOUR, "asked_seconds": 8000 * HOUR}
    assert "10 runs × 64 × 10.0 h = 6,400 h, but 8,000 h are asked" in found.message


def test_energy_and_its_co2():
    """6,400 card-hours at 1 kW a card are 6,400 kWh; at 500 g/kWh, 3,200 kg."""
    found = checks.energy(ASKED, SITE, FACTOR)
    assert found.numbers == {"joules": 6400 * 3_600_000, "grams": 3_200_000}
    assert "6,400 kWh and 3,200 kg" in found.message
    assert checks.energy(ASKED, replace(SITE, power_watts=0), FACTOR) is None


def test_work_at_peak():
    assert checks.peak(ASKED, SITE).numbers["operations"] == 320e12 * 6400 * HOUR
    assert "7.37×10²¹ operations" in checks.peak(ASKED, SITE).message


def test_hours_of_the_call():
    assert checks.offered(ASKED, None) is None
    assert checks.offered(ASKED, ASKED.seconds).level == Level.OK
    assert checks.offered(ASKED, ASKED.seconds - 1).level == Level.WARN


def test_cores_have_their_share_of_a_node():
    cpu = replace(GPU, cards_per_node=0, card_memory=None, peaks={"FP64": 6_400})
    site = replace(SITE, on_cards=False, units=32_768, parts=(cpu,))
    assert site.peak("FP64") == 50
    assert site.memory() == 1000 * GIGA // 128


def candidate(key, **change):
    base = ranking.Candidate(key, f"M{key}", 100.0, 64 * GIGA, 1000 * HOUR, 500.0)
    return replace(base, **change)


def test_ranked_by_what_counts_with_its_parts():
    rows = ranking.rank([candidate(1), candidate(2, gigaflops=200.0), candidate(3, watts=250.0)])
    assert [row.candidate.key for row in rows] == [2, 3, 1]
    assert rows[0].parts == {"precision": 1.0, "memory": 1.0, "hours": 1.0, "energy": 1.0}
    assert rows[2].score == 40 * 0.5 + 20 + 20 + 20 * 0.5
    assert sum(points for _name, points, _most in rows[2].points) == rows[2].score


@pytest.mark.parametrize(
    ("change", "lacks"),
    [
        ({"gigaflops": 0.0}, "precision"),
        ({"memory": GIGA}, "memory"),
        ({"free_seconds": 0}, "hours"),
    ],
)
def test_what_does_not_fit_stands_last_and_says_why(change, lacks):
    rows = ranking.rank([candidate(1, **change), candidate(2)], memory=2 * GIGA)
    assert [(row.candidate.key, row.fits) for row in rows] == [(2, True), (1, False)]
    assert rows[1].lacks == lacks


def test_more_hours_than_needed_count_no_more():
    rows = ranking.rank([candidate(1, free_seconds=10), candidate(2, free_seconds=99)], seconds=10)
    assert {row.parts["hours"] for row in rows} == {1.0}


def test_no_candidate():
    assert ranking.rank([]) == []
