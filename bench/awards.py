"""How long it takes to propose awards, and how near to the best they are."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator

from bench.result import Failed, Peer, Result
from compute_grants.optimise.limits import Limits
from compute_grants.optimise.problem import HOUR, Floor, Machine, Problem, Proposal, Request
from compute_grants.optimise.solve import solve
from portal.runtime.postgres import Postgres

SIZES = ((100, 6), (300, 10), (800, 12))
QUICK = ((30, 4),)
ATTEMPT = 60.0  # seconds within which 300 proposals on 10 machines must be done
KINDS = ("university", "institute", "enterprise", "centre")


def problem(proposals: int, machines: int, seed: int = 1) -> Problem:
    """A made-up call that is asked for two and a half times its time."""
    dice = random.Random(seed)  # noqa: S311  nothing secret
    rates = [dice.choice((0.02, 1.0, 1.5, 2.0, 4.0)) for _ in range(machines)]
    made = [_proposal(n, rates, dice) for n in range(proposals)]
    made.sort(key=lambda proposal: -proposal.merit)
    asked = [0] * machines
    for each in made:
        for request in each.requests:
            asked[int(request.machine[1:])] += request.ceiling
    there = [
        Machine(f"m{n}", int(asked[n] / 2.5) // HOUR * HOUR, rate) for n, rate in enumerate(rates)
    ]
    total = sum(machine.credits(machine.capacity) for machine in there)
    floors = (Floor("enterprise", 0.2 * total), Floor("university", 0.3 * total))
    return Problem(tuple(there), tuple(made), floors)


def _proposal(number: int, rates: list[float], dice: random.Random) -> Proposal:
    size = dice.lognormvariate(9, 1.1)  # credits
    requests = []
    for m in dice.sample(range(len(rates)), min(len(rates), dice.choice((1, 1, 2, 2, 3)))):
        hours = max(1, int(size * dice.uniform(0.3, 1) / rates[m]))
        share = dice.choice((1, 1, 1, 0.6))
        requests.append(Request(f"m{m}", hours * HOUR, int(hours * share) * HOUR))
    merit = round(min(5.0, max(1.0, dice.gauss(3.4, 0.7))), 2)
    return Proposal(f"p{number}", merit, tuple(requests), dice.choice(KINDS))


def run(_postgresql: Postgres, _database: str, quick: bool) -> Iterator[Result]:
    """Solutions a minute, beside going down the list; the merit of both among the facts."""
    for proposals, machines in QUICK if quick else SIZES:
        case = problem(proposals, machines)
        began = time.monotonic()
        found = solve(case)
        seconds = time.monotonic() - began
        limits = Limits(case)
        if min(limits.left(found.awards).values()) < 0:
            raise Failed("more was awarded than there is")
        began = time.monotonic()
        plain = limits.merit(Limits(case).down_the_order)
        greedy = time.monotonic() - began
        yield Result(
            name=f"awards_{proposals}x{machines}",
            value=60 / seconds,
            unit="solutions a minute",
            peer=Peer("going down the order", 60 / greedy),
            floor=60 / ATTEMPT if (proposals, machines) == (300, 10) else None,
            facts={
                "seconds": round(seconds, 2),
                "gap": round(found.gap, 5),
                "merit": round(found.merit, 1),
                "merit_down_the_order": round(plain, 1),
                "phases": {p.phase: round(p.seconds, 2) for p in found.phases},
                "slack": {kind: round(slack) for kind, slack in found.slack.items()},
                "order_changes": found.order_changes,
            },
        )
