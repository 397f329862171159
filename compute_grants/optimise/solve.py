"""The award of time as a mixed-integer programme, solved goal by goal with HiGHS.

For proposals p and the machines m they may use, x_pm is the share of what p asks in all that it
gets on m, z_pm whether it gets any there, y_p whether it is awarded. With merit_p, weight_p, and
req_p what p asks in credits:

    max  sum_p merit_p weight_p (alpha y_p + beta sum_m x_pm)
    s.t. sum_p req_p x_pm <= capacity_m
         least_p y_p <= sum_m req_p x_pm <= cap_p y_p
         low_pm z_pm <= req_p x_pm <= high_pm z_pm
         machines of p <= max_machines y_p
         floor_k <= sum over p of kind k of req_p x_pm + slack_k

The goals, each kept while the next is met: merit; the least slack; the fewest decisions unlike
those of going down the panel's order; and, with the proposals settled, merit in the amounts.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import scipy
from scipy.optimize import Bounds, LinearConstraint, OptimizeResult, linprog, milp
from scipy.sparse import csr_array, vstack

from compute_grants.optimise.limits import Awards, Candidate, Limits, Room, whole
from compute_grants.optimise.problem import (
    HOUR,
    Fixed,
    Infeasible,
    Phase,
    Problem,
    Progress,
    Solution,
)

GAP = 0.001
SECONDS = 60.0
# The goals after merit: how near to their best they are brought, and their part of the time.
LATER_GAP = 0.01
LATER_PART = 0.2
# So many choices are left open to the goals after merit; the surest of the rest stay as they are.
OPEN = 400
LOT = 1e-7
SOLVER = f"scipy {scipy.__version__} milp (HiGHS)"
TOLERANCE = 1e-6
HALF = 0.5
INFEASIBLE = 2  # milp's status
Vector = np.ndarray[tuple[int], np.dtype[np.float64]]
Kept = tuple[Vector, float, float]  # a row of its coefficients, lower, upper
Tell = Callable[[Progress, Solution | None], None]


@dataclass(frozen=True, slots=True)
class Pair:
    """A proposal and a machine it may use; x and z are columns."""

    candidate: Candidate
    room: Room
    x: int
    z: int


class Model:
    """The programme's columns and rows: y by proposal, x and z by pair, u by shared host, slack."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.free = [each for each in limits.candidates if not limits.excluded(each)]
        self.y = {candidate.key: n for n, candidate in enumerate(self.free)}
        width = len(self.free)
        self.pairs: list[Pair] = []
        for candidate in self.free:
            for room in candidate.rooms:
                self.pairs.append(Pair(candidate, room, width, width + 1))
                width += 2
        self.hosts: dict[tuple[str, str], int] = {}
        for key in self._shared():
            self.hosts[key] = width
            width += 1
        self.slack = {floor.kind: width + n for n, floor in enumerate(limits.problem.floors)}
        self.width = width + len(self.slack)
        self._rows: list[dict[int, float]] = []
        self._lower: list[float] = []
        self._upper: list[float] = []
        self._constrain()

    def _shared(self) -> Iterator[tuple[str, str]]:
        """Where cards and cores of one machine are asked, which count as one machine."""
        seen: dict[tuple[str, str], int] = {}
        for pair in self.pairs:
            key = (pair.candidate.key, pair.room.machine.machine)
            seen[key] = seen.get(key, 0) + 1
        yield from (key for key, count in seen.items() if count > 1)

    def add(self, row: dict[int, float], lower: float = -np.inf, upper: float = np.inf) -> None:
        self._rows.append(row)
        self._lower.append(lower)
        self._upper.append(upper)

    def _constrain(self) -> None:
        for machine in self.limits.machines.values():
            there = [pair for pair in self.pairs if pair.room.machine is machine]
            capacity = machine.credits(machine.capacity)
            scale = max(capacity, 1.0)
            self.add({p.x: p.candidate.asked / scale for p in there}, upper=capacity / scale)
        for pair in self.pairs:
            asked = pair.candidate.asked
            low = pair.room.credits(min(pair.room.low + HOUR, pair.room.high)) / asked
            high = pair.room.credits(pair.room.high) / asked
            self.add({pair.x: 1.0, pair.z: -high}, upper=0.0)
            self.add({pair.x: 1.0, pair.z: -low}, lower=0.0)
        for candidate in self.free:
            self._constrain_proposal(candidate)
        for floor in self.limits.problem.floors:
            scale = max(floor.credits, 1.0)
            row = {
                pair.x: pair.candidate.asked / scale
                for pair in self.pairs
                if pair.candidate.proposal.kind == floor.kind
            }
            self.add(row | {self.slack[floor.kind]: 1.0}, lower=floor.credits / scale)

    def _constrain_proposal(self, candidate: Candidate) -> None:
        y = self.y[candidate.key]
        own = [pair for pair in self.pairs if pair.candidate is candidate]
        # Room for the hours that rounding takes, where there is room.
        rounding = sum(sorted(p.room.machine.rate for p in own)[-self.limits.rules.max_machines :])
        least = min(candidate.least + rounding, max(candidate.least, candidate.reachable))
        gets = {pair.x: 1.0 for pair in own}
        self.add(gets | {y: -least / candidate.asked}, lower=0.0)
        self.add(gets | {y: -candidate.cap / candidate.asked}, upper=0.0)
        machines = {y: -float(self.limits.rules.max_machines)}
        for pair in own:
            host = self.hosts.get((candidate.key, pair.room.machine.machine))
            self.add({pair.z: 1.0, y: -1.0}, upper=0.0)
            if host is None:
                machines[pair.z] = 1.0
            else:
                machines[host] = 1.0
                self.add({pair.z: 1.0, host: -1.0}, upper=0.0)
        self.add(machines, upper=0.0)

    def bounds(self, awarded: set[str] | None = None) -> Bounds:
        """Every column between 0 and 1; y fixed where it was decided, or all by `awarded`."""
        lower, upper = np.zeros(self.width), np.ones(self.width)
        for candidate in self.free:
            y = self.y[candidate.key]
            if awarded is not None:
                lower[y] = upper[y] = float(candidate.key in awarded)
            elif candidate.proposal.fixed == Fixed.AWARDED:
                lower[y] = 1.0
        return Bounds(lower, upper)

    def integrality(self) -> np.ndarray[tuple[int], np.dtype[np.int_]]:
        kinds = np.zeros(self.width, dtype=int)
        kinds[list(self.y.values())] = 1
        kinds[[pair.z for pair in self.pairs]] = 1
        kinds[list(self.hosts.values())] = 1
        return kinds

    def constraints(self, *more: Kept) -> LinearConstraint:
        """The rows, and `more` of them: coefficients, lower, upper."""
        at = [(n, column) for n, row in enumerate(self._rows) for column in row]
        values = [value for row in self._rows for value in row.values()]
        rows, columns = ([n for n, _ in at], [c for _, c in at])
        matrix = csr_array((values, (rows, columns)), shape=(len(self._rows), self.width))
        lower, upper = list(self._lower), list(self._upper)
        for row, low, high in more:
            matrix = vstack([matrix, csr_array(row.reshape(1, -1))], format="csr")
            lower.append(low)
            upper.append(high)
        return LinearConstraint(matrix, lower, upper)

    def merit(self) -> Vector:
        """What each column counts; among equals the lot decides, by the seed."""
        row = np.zeros(self.width)
        rules = self.limits.rules
        lot = random.Random(rules.seed)  # noqa: S311  nothing secret
        for candidate in self.free:
            row[self.y[candidate.key]] = rules.alpha * candidate.worth * (1 + LOT * lot.random())
        for pair in self.pairs:
            row[pair.x] = rules.beta * pair.candidate.worth
        return row

    def shortage(self) -> Vector:
        """Credits missing from floors."""
        row = np.zeros(self.width)
        for floor in self.limits.problem.floors:
            row[self.slack[floor.kind]] = max(floor.credits, 1.0)
        return row

    def changes(self) -> tuple[Vector, float]:
        """Decisions unlike those of going down the order: coefficients and the constant."""
        reference = self.limits.down_the_order
        row = np.zeros(self.width)
        for key, y in self.y.items():
            row[y] = -1.0 if key in reference else 1.0
        return row, float(sum(key in reference for key in self.y))

    def narrowed(self, values: Vector) -> Bounds:
        """Bounds that keep the choices of which merit leaves least doubt, all but OPEN of them.

        Sure is what the relaxed programme, too, chooses, the more so the more it would cost to
        choose otherwise (its reduced costs).
        """
        bounds = self.bounds()
        choices = np.flatnonzero(self.integrality())
        if len(choices) <= OPEN:
            return bounds
        rows = self.constraints()
        above, below = np.isfinite(rows.ub), np.isfinite(rows.lb)
        relaxed = linprog(
            -self.merit(),
            A_ub=vstack([rows.A[above], -rows.A[below]]),
            b_ub=np.concatenate([rows.ub[above], -rows.lb[below]]),
            bounds=np.column_stack([bounds.lb, bounds.ub]),
            method="highs",
        )
        if relaxed.status != 0:
            return bounds
        costs = relaxed.lower.marginals + relaxed.upper.marginals
        chosen = np.round(values)
        agreed = choices[np.where(costs > 0, chosen == 0, (costs < 0) & (chosen == 1))[choices]]
        surest = agreed[np.argsort(-np.abs(costs[agreed]), kind="stable")]
        kept = surest[: len(choices) - OPEN]
        bounds.lb[kept] = bounds.ub[kept] = chosen[kept]
        return bounds

    def awards(self, values: Vector) -> Awards:
        """Whole seconds, none above a limit whatever the solver's tolerance."""
        left = {key: machine.capacity for key, machine in self.limits.machines.items()}
        found: Awards = {}
        for pair in sorted(self.pairs, key=lambda p: -values[p.x]):
            if values[self.y[pair.candidate.key]] < HALF or values[pair.z] < HALF:
                continue
            machine, high = pair.room.machine, pair.room.high
            exact = values[pair.x] * pair.candidate.asked / machine.rate * HOUR
            near = min(high, int(exact * (1 + TOLERANCE) + 1))
            seconds = whole(min(near, left[machine.key]), high)
            if seconds:
                found.setdefault(pair.candidate.key, {})[machine.key] = seconds
                left[machine.key] -= seconds
        for award_of, award in found.items():
            self._within_cap(self.limits.by_key[award_of], award)
        return found

    def _within_cap(self, candidate: Candidate, award: dict[str, int]) -> None:
        for key in sorted(award, key=lambda key: -award[key]):
            over = self.limits.credits(award) - candidate.cap
            if over > TOLERANCE:
                hours = -(-over // self.limits.machines[key].rate)
                award[key] = max(0, whole(award[key], 0) - int(hours) * HOUR)
        for key in [key for key, seconds in award.items() if not seconds]:
            del award[key]


@dataclass(frozen=True, slots=True)
class Goal:
    """One phase: what it makes small, within which bounds, how well and for how long at most."""

    phase: Phase
    costs: Vector
    bounds: Bounds
    gap: float
    seconds: float
    constant: float = 0.0


class Search:
    """One problem, phase by phase. `tell` hears of every phase as it begins and ends."""

    def __init__(self, problem: Problem, tell: Tell, gap: float, seconds: float) -> None:
        self.limits = Limits(problem)
        self.model = Model(self.limits)
        self.tell = tell
        self.gap = gap
        self.seconds = seconds
        self.began = time.monotonic()
        self.phases: list[Progress] = []
        self.kept: list[Kept] = []
        # Before anything is found: going down the order, and no bound but all that is asked.
        self.best = self._solution(self.limits.down_the_order, np.inf)

    def run(self) -> Solution:
        model, merit = self.model, self.model.merit()
        if not model.free:
            return self._solution({}, 0.0)
        # Half the gap is for the search, half for what the later goals may take.
        goal = Goal(Phase.MERIT, -merit, model.bounds(), self.gap / 2, self.seconds)
        values = self._reach(goal)
        if values is None:
            return self.best
        values = self._later(merit, values)
        awarded = {key for key, y in model.y.items() if values[y] > HALF}
        self.kept = self.kept[1:]
        settled = model.bounds(awarded)
        self._reach(Goal(Phase.AMOUNTS, -merit, settled, self.gap / 2, self.seconds))
        return replace(self.best, phases=tuple(self.phases), seconds=time.monotonic() - self.began)

    def _later(self, merit: Vector, values: Vector) -> Vector:
        """The goals after merit, each of which may only take what those before it leave."""
        least = 1 - self.limits.rules.merit_tolerance - TOLERANCE
        self.kept.append((merit / max(float(merit @ values), TOLERANCE), least, np.inf))
        bounds, part = self.model.narrowed(values), LATER_PART * self.seconds
        if self.limits.problem.floors:
            short = self.model.shortage()
            goal = Goal(Phase.FAIRNESS, short, bounds, LATER_GAP, part)
            found = self._reach(goal)
            values = values if found is None else found
            scale = float(short.max())
            self.kept.append((short / scale, -np.inf, float(short @ values) / scale + TOLERANCE))
        changes, constant = self.model.changes()
        found = self._reach(Goal(Phase.ORDER, changes, bounds, LATER_GAP, part, constant))
        return values if found is None else found

    def _reach(self, goal: Goal) -> Vector | None:
        """The best values found; None where time ran out first. Raises Infeasible."""
        self.tell(Progress(goal.phase), self.best)
        began = time.monotonic()
        left = min(goal.seconds, self.began + self.seconds - began)
        if left <= 0:
            return None
        found = milp(
            goal.costs,
            integrality=self.model.integrality(),
            bounds=goal.bounds,
            constraints=self.model.constraints(*self.kept),
            options={"mip_rel_gap": goal.gap, "time_limit": left},
        )
        if found.status == INFEASIBLE and goal.phase == Phase.MERIT:
            raise Infeasible("what is fixed as awarded cannot all be awarded")
        if found.x is None:
            return None
        progress = _progress(goal, found, time.monotonic() - began)
        self.phases.append(progress)
        bound = progress.bound if goal.phase == Phase.MERIT else self.best.bound
        self.best = self._solution(self.model.awards(found.x), bound)
        self.tell(progress, self.best)
        values: Vector = found.x
        return values

    def _solution(self, awards: Awards, bound: float | None) -> Solution:
        awards = self.limits.fill(awards)
        merit, rules = self.limits.merit(awards), self.limits.rules
        everything = sum(c.worth for c in self.model.free) * (rules.alpha + rules.beta)
        bound = max(merit, everything if bound is None or np.isinf(bound) else bound)
        return Solution(
            awards=awards,
            merit=merit,
            bound=bound,
            gap=(bound - merit) / bound if bound else 0.0,
            slack=self.limits.slack(awards),
            order_changes=len(set(awards) ^ set(self.limits.down_the_order)),
            phases=tuple(self.phases),
            solver=SOLVER,
            seconds=time.monotonic() - self.began,
        )


def _progress(goal: Goal, found: OptimizeResult, seconds: float) -> Progress:
    sign = -1.0 if goal.phase in {Phase.MERIT, Phase.AMOUNTS} else 1.0
    bound = found.fun if found.mip_dual_bound is None else found.mip_dual_bound
    return Progress(
        goal.phase,
        seconds=seconds,
        value=sign * float(found.fun) + goal.constant,
        bound=sign * float(bound) + goal.constant,
        gap=float(found.mip_gap or 0.0),
        done=True,
    )


def _nobody(_progress: Progress, _best: Solution | None) -> None:
    """Nobody listens."""


def solve(
    problem: Problem,
    *,
    tell: Tell = _nobody,
    gap: float = GAP,
    seconds: float = SECONDS,
) -> Solution:
    """The awards. The same problem has the same answer while no phase runs out of time.

    gap: of each goal, at which its search ends. seconds: for all phases together; the best
    found by then is the answer. Raises Infeasible.
    """
    return Search(problem, tell, gap, seconds).run()
