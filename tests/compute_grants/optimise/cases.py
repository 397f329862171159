"""Small problems of awards, written short. Times in hours."""

from compute_grants.optimise.problem import HOUR, Machine, Problem, Proposal, Request, Rules


def machine(key="a", hours=100, rate=1.0, host=""):
    return Machine(key, hours * HOUR, rate, host)


def proposal(key, merit=3.0, *, cap=None, compatible=True, more=(), **asked):
    """asked: hours by machine. more: fields of the proposal."""
    requests = tuple(
        Request(on, hours * HOUR, (hours if cap is None else cap) * HOUR, compatible)
        for on, hours in asked.items()
    )
    return Proposal(key, merit, requests, **dict(more))


def problem(*proposals, machines=None, floors=(), **rules):
    return Problem(tuple(machines or (machine(),)), proposals, tuple(floors), Rules(**rules))


def hours(solution, key):
    return {on: seconds // HOUR for on, seconds in solution.awards.get(key, {}).items()}
