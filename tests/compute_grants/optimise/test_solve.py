"""Awards keep every limit, meet the goals in their order, and are the same every time."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bench import awards as bench
from compute_grants.optimise.limits import Limits
from compute_grants.optimise.problem import (
    HOUR,
    Fixed,
    Floor,
    Infeasible,
    Machine,
    Phase,
    Problem,
    Proposal,
    Request,
    Rules,
    Solution,
)
from compute_grants.optimise.solve import solve
from tests.compute_grants.optimise.cases import hours, machine, problem, proposal

RATES = st.sampled_from([0.02, 1.0, 1.5, 4.0])


@st.composite
def problems(draw):
    """Up to eight proposals on up to four resources, two of them of one machine."""
    count = draw(st.integers(1, 4))
    hosts = ["one", "one", "", ""]
    machines = tuple(
        Machine(f"m{n}", draw(st.integers(0, 300)) * HOUR, draw(RATES), hosts[n])
        for n in range(count)
    )
    made = tuple(_proposal(draw, n, machines) for n in range(draw(st.integers(1, 8))))
    rules = Rules(
        alpha=draw(st.sampled_from([0.0, 1.0])),
        min_share=draw(st.sampled_from([0.1, 0.5, 1.0])),
        max_machines=draw(st.integers(1, 3)),
        min_merit=draw(st.sampled_from([0.0, 2.0])),
    )
    return Problem(machines, made, (Floor("x", draw(st.integers(0, 200))),), rules)


def _proposal(draw, number, machines):
    asked = draw(st.lists(st.sampled_from(machines), min_size=1, unique=True))
    requests = tuple(
        Request(
            each.key,
            draw(st.integers(1, 200 * HOUR)),
            draw(st.integers(0, 200 * HOUR)),
            draw(st.booleans()) or draw(st.booleans()),
        )
        for each in asked
    )
    cap = draw(st.none() | st.integers(20, 300))
    return Proposal(
        f"p{number}",
        draw(st.integers(1, 5)),
        requests,
        draw(st.sampled_from("xy")),
        cap_credits=cap,
    )


# A busy machine is no reason to fail.
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(problems())
def test_no_limit_is_ever_passed(case):
    found = solve(case)
    limits = Limits(case)
    assert all(seconds >= 0 for seconds in limits.left(found.awards).values())
    for key, award in found.awards.items():
        candidate = limits.by_key[key]
        rooms = {room.machine.key: room for room in candidate.rooms}
        for on, seconds in award.items():
            assert 0 < rooms[on].low <= seconds <= rooms[on].high
            assert seconds % HOUR == 0 or seconds == rooms[on].high
        given_credits = limits.credits(award)
        assert given_credits <= candidate.cap + 1e-6
        assert given_credits >= candidate.least - limits.rounding(candidate)
        hosts = {limits.machines[on].machine for on in award}
        assert len(hosts) <= case.rules.max_machines
        assert candidate.proposal.merit >= case.rules.min_merit
    assert found.merit <= found.bound + 1e-6


def test_the_best_in_merit_and_not_the_first_in_order():
    """One large proposal at the top would keep out two that are together worth more."""
    case = problem(
        proposal("large", 5.0, a=100),
        proposal("one", 4.0, a=50),
        proposal("two", 4.0, a=50),
        min_share=1.0,
    )
    found = solve(case)
    assert set(found.awards) == {"one", "two"}
    assert found.merit == pytest.approx(16)
    assert found.order_changes == 3


def test_a_cap_and_a_machine_that_does_not_fit():
    case = problem(
        proposal("capped", cap=40, a=80),
        proposal("unfit", compatible=False, a=10),
    )
    found = solve(case)
    assert hours(found, "capped") == {"a": 40}
    assert "unfit" not in found.awards


def test_at_most_two_machines_and_cards_and_cores_are_one():
    machines = [machine("a"), machine("b"), machine("c"), machine("d", host="a")]
    found = solve(problem(proposal("p", a=10, b=10, c=10, d=10), machines=machines))
    assert set(hours(found, "p")) >= {"a", "d"}
    assert len(found.awards["p"]) == 3


def test_little_of_much_is_given_whole_or_not_at_all():
    """A request below the least on a machine cannot be cut to it."""
    case = problem(proposal("p", a=90, b=5), machines=[machine("a"), machine("b", 4)])
    assert hours(solve(case), "p") == {"a": 90}


def test_floors_take_what_merit_leaves():
    """Two of the same merit: the time goes to the kind that lacks it."""
    pair = (
        proposal("first", a=100, more={"kind": "x"}),
        proposal("second", a=100, more={"kind": "y"}),
    )
    found = solve(problem(*pair, min_share=1.0, floors=[Floor("y", 80)]))
    assert set(found.awards) == {"second"}
    assert found.slack == {"y": 0}
    better = replace(pair[0], merit=3.5)
    found = solve(problem(better, pair[1], min_share=1.0, floors=[Floor("y", 80)]))
    assert set(found.awards) == {"first"}
    assert found.slack == {"y": 80}


def test_as_little_as_may_be_differs_from_the_panels_order():
    pair = (proposal("first", a=100), proposal("second", a=100))
    for seed in range(4):
        found = solve(problem(*pair, min_share=1.0, seed=seed))
        assert set(found.awards) == {"first"} and found.order_changes == 0


def test_what_was_decided_stays():
    first, second = proposal("first", 5.0, a=100), proposal("second", 1.0, a=100)
    fixed = problem(first, replace(second, fixed=Fixed.AWARDED), min_share=1.0)
    assert set(solve(fixed).awards) == {"second"}
    fixed = problem(replace(first, fixed=Fixed.DECLINED), second, min_share=1.0)
    assert set(solve(fixed).awards) == {"second"}


def test_what_is_fixed_must_fit():
    both = [proposal(key, a=100, more={"fixed": Fixed.AWARDED}) for key in ("one", "two")]
    with pytest.raises(Infeasible):
        solve(problem(*both, min_share=1.0))


def test_nothing_to_award():
    found = solve(problem(proposal("p", cap=0, a=10)))
    assert (found.awards, found.merit, found.gap) == ({}, 0, 0)


def test_out_of_time_it_goes_down_the_order():
    case = problem(proposal("first", a=60), proposal("second", a=60))
    found = solve(case, seconds=0)
    assert hours(found, "first") == {"a": 60} and hours(found, "second") == {"a": 40}
    assert found.gap > 0


def test_the_same_every_time_and_near_the_best():
    case = bench.problem(60, 5, seed=3)
    first, second = solve(case), solve(case)
    assert first.awards == second.awards
    assert first.gap <= 0.001
    assert [phase.phase for phase in first.phases] == list(Phase)
    assert first.merit > Limits(case).merit(Limits(case).down_the_order)


def test_inputs_and_results_are_plain_data():
    case = bench.problem(5, 2)
    fixed = replace(case.proposals[0], fixed=Fixed.AWARDED)
    case = replace(case, proposals=(fixed, *case.proposals[1:]))
    assert Problem.from_data(case.to_data()) == case
    assert Problem.from_data(case.to_data()).sha256() == case.sha256()
    assert replace(case, floors=()).sha256() != case.sha256()
    found = solve(case)
    assert Solution.from_data(found.to_data()) == found


@pytest.mark.parametrize(
    "change",
    [
        {"proposals": (proposal("p", a=1), proposal("p", a=1))},
        {"proposals": (proposal("p", elsewhere=1),)},
        {"proposals": (proposal("p", -1.0, a=1),)},
        {"proposals": (proposal("p", a=0),)},
        {"machines": (machine("a", -1),)},
        {"rules": Rules(min_share=0)},
        {"rules": Rules(max_machines=0)},
    ],
)
def test_what_cannot_be_solved_rightly_is_refused(change):
    with pytest.raises(ValueError, match=r"\w"):
        replace(problem(proposal("p", a=1)), **change)


@pytest.mark.bench
def test_three_hundred_proposals_on_ten_machines():
    found = solve(bench.problem(300, 10))
    assert found.gap <= 0.001
    assert found.seconds < 60
