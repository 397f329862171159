"""Each decline names the limit that bound it, and each cut the limit that made it."""

from dataclasses import replace

import pytest

from compute_grants.optimise.explain import Bound, explain
from compute_grants.optimise.problem import Fixed
from compute_grants.optimise.solve import solve
from tests.compute_grants.optimise.cases import machine, problem, proposal


def reasons(case, key="p"):
    return explain(case, solve(case))[key]


def bounds(case, key="p"):
    return [reason.bound for reason in reasons(case, key)]


TWO = [machine("a"), machine("b")]


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        (problem(proposal("p", more={"fixed": Fixed.DECLINED}, a=1)), [Bound.FIXED]),
        (problem(proposal("p", cap=0, a=1)), [Bound.TECHNICAL]),
        (problem(proposal("p", compatible=False, a=1)), [Bound.TECHNICAL]),
        (problem(proposal("p", 1.9, a=1), min_merit=2.0), [Bound.THRESHOLD]),
        (problem(proposal("p", a=300)), [Bound.TOO_LARGE]),
        (
            problem(proposal("p", a=90, b=90), machines=TWO, max_machines=1, min_share=0.8),
            [Bound.MACHINES],
        ),
        (problem(proposal("p", a=100)), []),
        (problem(proposal("p", cap=60, a=100)), [Bound.TECHNICAL]),
        (problem(proposal("p", a=120)), [Bound.CAPACITY]),
        (problem(proposal("p", more={"cap_credits": 50}, a=80)), [Bound.CAP]),
        (problem(proposal("p", a=50, b=50), machines=TWO, max_machines=1), [Bound.MACHINES]),
    ],
)
def test_what_bound(case, expected):
    assert bounds(case) == expected


def test_crowded_out_by_more_merit():
    case = problem(proposal("best", 5.0, a=100), proposal("p", 2.0, a=100), min_share=1.0)
    capacity, merit = reasons(case)
    assert (capacity.bound, capacity.machine, capacity.least) == (Bound.CAPACITY, "a", 100)
    assert capacity.left == 0
    assert (merit.bound, merit.merit, merit.other) == (Bound.LOWER_MERIT, 2.0, 5.0)


def test_crowded_out_by_smaller_ones():
    small = [proposal(f"s{n}", 4.0, a=50) for n in range(2)]
    case = problem(proposal("p", 4.5, a=100), *small, min_share=1.0)
    assert bounds(case) == [Bound.CAPACITY, Bound.SIZE]
    assert reasons(case)[1].merit == 45.0
    assert reasons(case)[1].other == 80.0


def test_everybody_is_explained():
    case = problem(*(proposal(f"p{n}", 3.0 + n / 10, a=30) for n in range(6)))
    found = solve(case)
    for key, said in explain(case, found).items():
        got = sum(found.awards.get(key, {}).values())
        assert bool(said) == (got < 30 * 3600)
    again = replace(found, awards={})
    assert set(explain(case, again)) == set(explain(case, found))
