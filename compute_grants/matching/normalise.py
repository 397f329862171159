"""Scores adjusted for how strict each reviewer is, with how sure their order is.

A score is the proposal's effect plus the reviewer's effect plus an error, all reviews alike:
y = p_i + r_j + e. Least squares with a ridge on the reviewers' effects, which makes them the
best linear unbiased predictions of a mixed model in which effects vary RIDGE times less than
errors do (Henderson 1975). The ridge keeps a reviewer of two proposals from moving them far and
holds together groups of reviews that share no reviewer. Ranks have intervals, since a table of
ranks alone claims too much (Goldstein and Spiegelhalter 1996).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.sparse.csgraph import connected_components

RIDGE = 1.0
DRAWS = 500
SEED = 20
INTERVAL = (5, 95)  # percentiles: nine times in ten
# What is known of errors before any review: half a point, as sure as three reviews would be.
PRIOR_ERROR, PRIOR_REVIEWS = 0.5, 3.0

Vector = npt.NDArray[np.float64]
Ranks = npt.NDArray[np.int_]


@dataclass(frozen=True)
class Normalised:
    """One entry for each proposal or reviewer, in the order of their numbers.

    raw: mean score. score: adjusted, on the same scale. error: its standard error. rank_low,
    rank_high: its rank lies between them, inclusive, in nine draws of ten. strictness: a
    reviewer's effect, negative for the strict. noise: standard deviation of one review's error.
    group: which proposals are linked to each other by reviewers in common.
    """

    raw: Vector
    score: Vector
    error: Vector
    rank_low: Ranks
    rank_high: Ranks
    strictness: Vector
    strictness_error: Vector
    noise: float
    group: Ranks

    @property
    def groups(self) -> int:
        return int(self.group.max()) + 1 if len(self.group) else 0


def normalise(
    proposals: Sequence[int],
    reviewers: Sequence[int],
    scores: Sequence[float],
    *,
    ridge: float = RIDGE,
    draws: int = DRAWS,
    seed: int = SEED,
) -> Normalised:
    """Adjust `scores` of reviews; `proposals` and `reviewers` number theirs from 0, without gaps.

    The same input gives the same result. Ranks come from a parametric bootstrap of the model:
    reviewers' effects and errors are drawn anew and the fit is repeated, `draws` times.
    """
    rows, columns = np.asarray(proposals, dtype=np.int_), np.asarray(reviewers, dtype=np.int_)
    given = np.asarray(scores, dtype=np.float64)
    if not len(given):
        return _nothing()
    count, people = int(rows.max()) + 1, int(columns.max()) + 1
    fit = _Fit(rows, columns, count, people, ridge)
    effects = fit.of(given)
    noise = fit.noise(given, effects)
    low, high = fit.ranks(effects, noise, draws, np.random.default_rng(seed))
    errors = noise * np.sqrt(np.diag(fit.inverse))
    return Normalised(
        raw=np.bincount(rows, given, count) / np.bincount(rows, minlength=count),
        score=effects[:count],
        error=errors[:count],
        rank_low=low,
        rank_high=high,
        strictness=effects[count:],
        strictness_error=errors[count:],
        noise=noise,
        group=_groups(rows, columns, count, people),
    )


class _Fit:
    """The normal equations, solved once for any number of right-hand sides."""

    def __init__(self, rows: Ranks, columns: Ranks, count: int, people: int, ridge: float) -> None:
        reviews = np.arange(len(rows))
        both = np.concatenate([rows, count + columns])
        shape = (len(rows), count + people)
        ones = np.ones(2 * len(rows))
        self.count, self.people, self.ridge = count, people, ridge
        self.design = sparse.csr_array((ones, (np.tile(reviews, 2), both)), shape=shape)
        normal = (self.design.T @ self.design).toarray()
        normal[range(count, count + people), range(count, count + people)] += ridge
        self.inverse: Vector = np.linalg.inv(normal)

    def of(self, scores: Vector) -> Vector:
        """Effects of proposals, then of reviewers; a column for each column of scores."""
        effects: Vector = self.inverse @ (self.design.T @ scores)
        return effects

    def noise(self, scores: Vector, effects: Vector) -> float:
        """Standard deviation of an error: of the residuals, with the prior's weight beside."""
        left = scores - self.design @ effects
        normal = (self.design.T @ self.design).toarray()
        freedom = len(scores) - float(np.trace(self.inverse @ normal))
        known = PRIOR_REVIEWS * PRIOR_ERROR**2
        return float(np.sqrt((left @ left + known) / (max(freedom, 0.0) + PRIOR_REVIEWS)))

    def ranks(
        self, effects: Vector, noise: float, draws: int, chance: np.random.Generator
    ) -> tuple[Ranks, Ranks]:
        """The lowest and highest rank that each proposal has in nine draws of ten; 1 is best."""
        drawn = np.repeat(effects[:, None], draws, axis=1)
        spread = noise / np.sqrt(self.ridge)
        drawn[self.count :] = spread * chance.standard_normal((self.people, draws))
        scores = self.design @ drawn
        scores += noise * chance.standard_normal(scores.shape)
        again = self.of(scores)[: self.count]
        order = np.argsort(-again, axis=0, kind="stable")
        ranks = np.empty_like(order)
        np.put_along_axis(ranks, order, np.arange(1, self.count + 1)[:, None], axis=0)
        low, high = np.percentile(ranks, INTERVAL, axis=1)
        return np.floor(low).astype(np.int_), np.ceil(high).astype(np.int_)


def _groups(rows: Ranks, columns: Ranks, count: int, people: int) -> Ranks:
    size = count + people
    links = sparse.csr_array((np.ones(len(rows)), (rows, count + columns)), shape=(size, size))
    _number, labels = connected_components(links, directed=False)
    _known, renumbered = np.unique(labels[:count], return_inverse=True)
    return np.asarray(renumbered, dtype=np.int_)


def _nothing() -> Normalised:
    empty, none = np.zeros(0), np.zeros(0, dtype=np.int_)
    return Normalised(empty, empty, empty, none, none, empty, empty, 0.0, none)
