"""The best assignment of reviewers: the worst-off proposal first, then the total.

Stages, each an integer programme for HiGHS (scipy.optimize.milp) on the allowed pairs only:

1. fill     as many places as can be filled, none twice short where another is not short at all
2. protect  the greatest mean affinity that every proposal can have
3. improve  the greatest total, while no proposal falls below what stage 2 reached

Stage 2 in full can be long. Its linear relaxation bounds it from above, so a value close to
that bound which stage 3 can keep is proved good enough without solving stage 2. Stage 3 solves
its relaxation first: pairs whose reduced cost exceeds what is allowed to be lost cannot be in a
better solution, and what is left is small. This is the lexicographic max-min fairness of paper
assignment (Garg et al. 2010; Stelmakh et al. 2021).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, OptimizeResult, linprog, milp

from compute_grants.matching.preview import preview
from compute_grants.matching.rules import Breach, Pair, Problem, Shortfall, breaches, shortfalls

SOLVER = f"HiGHS in scipy {scipy.__version__}"
GAP = 1e-3  # of the total
KEPT = 0.99  # of the bound of stage 2: what counts as reaching it
ROUNDING = 1e-6
HALF = 0.5  # between a rounded 0 and a rounded 1
_TIE = 1e-7  # equal pairs are told apart by chance, the same at every run with one seed

Vector = npt.NDArray[np.float64]


class Stage(StrEnum):
    FILL = "fill"
    PROTECT = "protect"
    IMPROVE = "improve"


@dataclass(frozen=True)
class Solution:
    """pairs: chosen ones, in order. total: of their affinities. worst: the least mean affinity of
    a proposal that gets somebody; bound: what no assignment could exceed there. gap: how far the
    total may be from the best, 0 to 1; None where time ran out before a proof began. optimal:
    whether both stages were proved within their tolerance. broken: locked pairs let go, and why.
    """

    pairs: list[Pair]
    total: float
    worst: float
    bound: float
    gap: float | None
    optimal: bool
    short: list[Shortfall]
    broken: list[Breach]


def solve(
    problem: Problem,
    *,
    seed: int = 0,
    seconds: float = 30.0,
    on_stage: Callable[[Stage], None] = lambda _stage: None,
) -> Solution:
    """Assign reviewers within about `seconds`; the best that was found where time runs out.

    `on_stage` is told what begins; what it raises ends the run. Locked pairs that break a rule
    are let go and listed. Never infeasible: what cannot be filled is listed with its cause.
    """
    deadline = time.monotonic() + seconds
    broken = breaches(problem, sorted(problem.locked))
    problem = replace(problem, locked=problem.locked - {breach.pair for breach in broken})
    model = _Model(problem, seed)
    if not len(model.rows):
        return _solution(problem, [], broken, bound=0.0, gap=0.0, proved=True)
    on_stage(Stage.FILL)
    model.fill(deadline)
    on_stage(Stage.PROTECT)
    bound = model.bound(deadline)
    on_stage(Stage.IMPROVE)
    best = model.improve(bound, deadline)
    made = _solution(problem, best.pairs, broken, bound=bound, gap=best.gap, proved=best.proved)
    quick = _solution(problem, preview(problem), broken, bound=bound, gap=None, proved=False)
    return made if made.optimal or _merit(made) >= _merit(quick) else quick


def _merit(solution: Solution) -> tuple[int, float, float]:
    """By what one unproved solution is better than another."""
    return len(solution.pairs), min(solution.worst, KEPT * solution.bound), solution.total


def _solution(
    problem: Problem,
    pairs: list[Pair],
    broken: list[Breach],
    *,
    bound: float,
    gap: float | None,
    proved: bool,
) -> Solution:
    means = means_of(problem, pairs)
    got = [row for row, _column in pairs]
    return Solution(
        pairs=pairs,
        total=float(sum(problem.affinity[pair] for pair in pairs)),
        worst=float(means[got].min()) if got else 0.0,
        bound=bound,
        gap=gap,
        optimal=proved,
        short=shortfalls(problem, pairs),
        broken=broken,
    )


def means_of(problem: Problem, pairs: list[Pair]) -> Vector:
    """P: the mean affinity of the reviewers each proposal has and of these; 0 where none."""
    totals, counts = problem.base.copy(), problem.had.astype(np.float64)
    for row, column in pairs:
        totals[row] += problem.affinity[row, column]
        counts[row] += 1
    return np.divide(totals, counts, out=np.zeros_like(totals), where=counts > 0)


@dataclass(frozen=True)
class _Best:
    """What stage 3 found; gap and proved as in Solution."""

    pairs: list[Pair]
    gap: float | None
    proved: bool


class _Model:
    """One variable for each allowed pair; `asked` and `floor` are settled by stage 1."""

    def __init__(self, problem: Problem, seed: int) -> None:
        self.problem = problem
        allowed = ~problem.forbidden & (problem.wanted > 0)[:, None] & (problem.most > 0)[None, :]
        self.rows, self.columns = np.nonzero(allowed)
        chance = np.random.default_rng(seed).random(len(self.rows))
        self.affinity = problem.affinity[self.rows, self.columns]
        self.gain = self.affinity + _TIE * chance
        self.lower = np.array(
            [
                (int(r), int(c)) in problem.locked
                for r, c in zip(self.rows, self.columns, strict=True)
            ],
            dtype=np.float64,
        )
        count = len(self.rows)
        ones, here = np.ones(count), np.arange(count)
        rows, columns = problem.shape
        self.by_row = sparse.csr_array((ones, (self.rows, here)), shape=(rows, count))
        self.by_column = sparse.csr_array((ones, (self.columns, here)), shape=(columns, count))
        self.weighed = sparse.csr_array((self.affinity, (self.rows, here)), shape=(rows, count))
        self.by_house = self._houses()
        self.asked: Vector = problem.wanted.astype(np.float64)
        self.floor: Vector = np.zeros(columns)

    def _houses(self) -> sparse.csr_array:
        """A row for each proposal and house of which two or more people could review it."""
        at: dict[tuple[int, str], list[int]] = {}
        for n, (row, column) in enumerate(zip(self.rows, self.columns, strict=True)):
            for house in self.problem.houses[int(column)]:
                at.setdefault((int(row), house), []).append(n)
        shared = [places for places in at.values() if len(places) > 1]
        row_of = np.repeat(np.arange(len(shared)), [len(places) for places in shared])
        places = np.array([n for each in shared for n in each], dtype=np.int_)
        shape = (len(shared), len(self.rows))
        return sparse.csr_array((np.ones(len(places)), (row_of, places)), shape=shape)

    def fill(self, deadline: float) -> None:
        """Stage 1: how many places of each proposal, and of each least load, can be filled."""
        rows, columns = self.problem.shape
        pairs, deepest = len(self.rows), int(self.asked.max())
        # A proposal's first missing reviewer costs less than its second, and so on.
        short = sparse.hstack([sparse.eye_array(rows)] * deepest)
        idle = sparse.eye_array(columns)
        cost = [np.zeros(pairs)]
        cost += [np.full(rows, 1 + depth / deepest) for depth in range(deepest)]
        cost += [np.full(columns, 1 / (1 + self.problem.least.sum() + rows))]
        extra = rows * deepest
        least = np.minimum(self.problem.least, self.problem.most).astype(np.float64)
        found = milp(
            np.concatenate(cost),
            integrality=_integers(pairs, extra + columns),
            bounds=Bounds(
                np.concatenate([self.lower, np.zeros(extra + columns)]),
                np.concatenate([np.ones(pairs), np.ones(extra), least]),
            ),
            constraints=[
                _between(_wide(self.by_row, short, columns), self.asked, self.asked),
                _between(
                    sparse.hstack([self.by_column, sparse.csr_array((columns, extra)), idle]),
                    least,
                    np.full(columns, np.inf),
                ),
                _at_most(_pad(self.by_column, extra + columns), self.problem.most.astype(float)),
                _at_most(_pad(self.by_house, extra + columns), np.ones(self.by_house.shape[0])),
            ],
            options={"time_limit": _left(deadline) / 2, "mip_rel_gap": ROUNDING},
        )
        if found.x is None:  # no time: what the preview fills can be filled
            filled = [row for row, _column in preview(self.problem)]
            self.asked = np.bincount(filled, minlength=rows).astype(np.float64)
            return
        chosen = found.x[:pairs] > HALF
        self.asked = self.by_row @ chosen.astype(np.float64)
        self.floor = np.minimum(least, self.by_column @ chosen.astype(np.float64))

    def _kept(self, extra: int) -> list[LinearConstraint]:
        """The rules, for the pairs and `extra` variables after them."""
        return [
            _between(_pad(self.by_row, extra), self.asked, self.asked),
            _between(_pad(self.by_column, extra), self.floor, self.problem.most),
            _between(_pad(self.by_house, extra), None, np.ones(self.by_house.shape[0])),
        ]

    def bound(self, deadline: float) -> float:
        """Stage 2, relaxed: the mean affinity that no assignment can give to every proposal.

        Those that stage 1 gives nobody are left out.
        """
        found = linprog(
            np.append(np.zeros(len(self.rows)), -1.0),
            **self._relaxed(self._above(None), extra=1),
            bounds=[*zip(self.lower, np.ones(len(self.rows)), strict=True), (0.0, None)],
            method="highs-ipm",
            options={"time_limit": _left(deadline)},
        )
        return 0.0 if found.x is None else float(found.x[-1])

    def reach(self, deadline: float) -> float:
        """Stage 2 in whole pairs: what every proposal can have, as far as time allows to find."""
        pairs = len(self.rows)
        found = milp(
            np.append(np.zeros(pairs), -1.0),
            integrality=_integers(pairs, 1),
            bounds=Bounds(np.append(self.lower, 0.0), np.append(np.ones(pairs), np.inf)),
            constraints=[*self._kept(1), _at_most(*self._above(None))],
            options={"time_limit": _left(deadline) / 2, "mip_rel_gap": 1 - KEPT},
        )
        return 0.0 if found.x is None else float(found.x[-1])

    def _above(self, level: float | None) -> tuple[sparse.sparray, Vector]:
        """Every proposal's mean affinity is at least `level`, or the last variable."""
        given = np.flatnonzero(self.asked)
        quota, base = (self.problem.had + self.asked)[given], self.problem.base[given]
        if level is None:
            return sparse.hstack([-self.weighed[given], quota[:, None]], format="csr"), base
        return -self.weighed[given], base - level * quota + ROUNDING

    def _relaxed(self, above: tuple[sparse.sparray, Vector], extra: int = 0) -> dict[str, Any]:
        """The rules as linprog takes them, with `extra` variables after the pairs."""
        rules = [above, *self._limits()]
        return {
            "A_ub": sparse.vstack([rules[0][0], *(_pad(m, extra) for m, _most in rules[1:])]),
            "b_ub": np.concatenate([most for _matrix, most in rules]),
            "A_eq": _pad(self.by_row, extra),
            "b_eq": self.asked,
        }

    def _limits(self) -> list[tuple[sparse.csr_array, Vector]]:
        """Loads from above and below, and one of a house."""
        return [
            (self.by_column, self.problem.most.astype(np.float64)),
            (-self.by_column, -self.floor),
            (self.by_house, np.ones(self.by_house.shape[0])),
        ]

    def improve(self, bound: float, deadline: float) -> _Best:
        """Stage 3 above what stage 2 reached."""
        best = self._best(bound * KEPT, deadline)
        if best is None:
            best = self._best(self.reach(deadline) * KEPT, deadline)
        if best is not None:
            return best
        best = self._best(0.0, deadline)
        return replace(best, proved=False) if best else _Best([], None, proved=False)

    def _best(self, level: float, deadline: float) -> _Best | None:
        """The greatest total with every proposal at `level`; None where none was found."""
        above = self._above(level)
        relaxed = linprog(
            -self.gain,
            **self._relaxed(above),
            bounds=np.column_stack([self.lower, np.ones(len(self.rows))]),
            method="highs-ds",
            options={"time_limit": _left(deadline)},
        )
        if relaxed.x is None or relaxed.status != 0:
            return None
        limit, best = -relaxed.fun, None
        for lost in (GAP * limit / 10, GAP * limit * 2, np.inf):
            kept = np.flatnonzero((relaxed.lower.marginals <= lost) | (self.lower > 0))
            found = self._whole(kept, above, deadline)
            if found.x is not None:
                # With a pair that was left out, nothing reaches more than limit - lost.
                most = min(limit, max(-found.mip_dual_bound, limit - lost))
                gap = max(0.0, (most + found.fun) / max(most, ROUNDING))
                best = _Best(self._pairs(kept, found.x), gap, proved=gap <= GAP)
            if (best and best.proved) or _left(deadline) < 1:
                break
        return best

    def _whole(
        self, kept: npt.NDArray[np.int_], above: tuple[sparse.sparray, Vector], deadline: float
    ) -> OptimizeResult:
        """In whole pairs, of those kept."""
        rules = [_at_most(matrix[:, kept], most) for matrix, most in (above, *self._limits())]
        return milp(
            -self.gain[kept],
            integrality=np.ones(len(kept)),
            bounds=Bounds(self.lower[kept], np.ones(len(kept))),
            constraints=[_between(self.by_row[:, kept], self.asked, self.asked), *rules],
            options={"time_limit": _left(deadline), "mip_rel_gap": GAP / 10},
        )

    def _pairs(self, kept: npt.NDArray[np.int_], chosen: Vector) -> list[Pair]:
        picked = kept[chosen > HALF]
        return [(int(self.rows[n]), int(self.columns[n])) for n in picked]


def _between(
    matrix: sparse.sparray, lower: npt.ArrayLike | None, upper: npt.ArrayLike | None
) -> LinearConstraint:
    return LinearConstraint(
        matrix, -np.inf if lower is None else lower, np.inf if upper is None else upper
    )


def _at_most(matrix: sparse.sparray, most: Vector) -> LinearConstraint:
    return _between(matrix, None, most)


def _pad(matrix: sparse.csr_array, extra: int) -> sparse.sparray:
    return sparse.hstack([matrix, sparse.csr_array((matrix.shape[0], extra))]) if extra else matrix


def _wide(matrix: sparse.csr_array, short: sparse.sparray, columns: int) -> sparse.sparray:
    return sparse.hstack([matrix, short, sparse.csr_array((matrix.shape[0], columns))])


def _integers(whole: int, free: int) -> npt.NDArray[np.int_]:
    return np.concatenate([np.ones(whole, dtype=np.int_), np.zeros(free, dtype=np.int_)])


def _left(deadline: float) -> float:
    """Seconds that a step may take; one that has no time left still gets a moment."""
    return max(0.1, deadline - time.monotonic())
