"""What an assignment of reviewers must keep to, and where a given one does not."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
import numpy.typing as npt

Pair = tuple[int, int]  # (row of a proposal, column of a reviewer)


@dataclass(frozen=True)
class Problem:
    """Proposals are rows, reviewers columns.

    affinity: P x R, 0 to 1. forbidden: P x R, pairs that must not be. wanted: P, how many
    reviewers each proposal is still to get. most, least: R, bounds of the reviews each person
    takes on here. houses: for each reviewer, the institutions or related groups they belong to.
    had, base: P, how many reviewers a proposal has already, and the affinities they add up to.
    locked: pairs that stay.
    """

    affinity: npt.NDArray[np.float64]
    forbidden: npt.NDArray[np.bool_]
    wanted: npt.NDArray[np.int_]
    most: npt.NDArray[np.int_]
    least: npt.NDArray[np.int_]
    houses: Sequence[frozenset[str]]
    had: npt.NDArray[np.int_]
    base: npt.NDArray[np.float64]
    locked: frozenset[Pair] = field(default_factory=frozenset)

    @property
    def shape(self) -> tuple[int, int]:
        rows, columns = self.affinity.shape
        return rows, columns


class Rule(StrEnum):
    """What a pair can break."""

    FORBIDDEN = "forbidden"
    LOAD = "load"
    HOUSE = "house"
    TOO_MANY = "too_many"


@dataclass(frozen=True, slots=True)
class Breach:
    """One rule that one pair breaks; `other`: the column of whom it shares a house with."""

    pair: Pair
    rule: Rule
    other: int = -1


def breaches(problem: Problem, pairs: Iterable[Pair]) -> list[Breach]:
    """Every rule that these pairs break, in their order: of two at odds the later one breaks it."""
    found: list[Breach] = []
    load: Counter[int] = Counter()
    team: dict[int, list[int]] = defaultdict(list)
    for row, column in pairs:
        pair = (row, column)
        if problem.forbidden[row, column] or column in team[row]:
            found.append(Breach(pair, Rule.FORBIDDEN))
        if load[column] >= problem.most[column]:
            found.append(Breach(pair, Rule.LOAD))
        if len(team[row]) >= problem.wanted[row]:
            found.append(Breach(pair, Rule.TOO_MANY))
        found += [
            Breach(pair, Rule.HOUSE, other)
            for other in team[row]
            if problem.houses[other] & problem.houses[column]
        ]
        load[column] += 1
        team[row].append(column)
    return found


class Cause(StrEnum):
    """Why a proposal gets fewer reviewers than it should."""

    FIT = "fit"  # too few people without a conflict
    HOUSES = "houses"  # enough people, but of too few institutions
    LOADS = "loads"  # enough people, but they are full with other proposals


@dataclass(frozen=True, slots=True)
class Shortfall:
    """A proposal that lacks `missing` reviewers: `fit` may review it, out of `houses` houses."""

    row: int
    missing: int
    fit: int
    houses: int
    cause: Cause


def shortfalls(problem: Problem, pairs: Iterable[Pair]) -> list[Shortfall]:
    """The proposals that these pairs leave short, in the order of rows, each with its cause."""
    given = Counter(row for row, _column in pairs)
    found = []
    for row in range(problem.shape[0]):
        missing = int(problem.wanted[row]) - given[row]
        if missing > 0:
            found.append(_shortfall(problem, row, missing))
    return found


def _shortfall(problem: Problem, row: int, missing: int) -> Shortfall:
    fit = np.flatnonzero(~problem.forbidden[row] & (problem.most > 0))
    houses = len(_apart(problem, fit))
    wanted = problem.wanted[row]
    cause = Cause.FIT if len(fit) < wanted else Cause.HOUSES if houses < wanted else Cause.LOADS
    return Shortfall(row, missing, len(fit), houses, cause)


def _apart(problem: Problem, columns: npt.NDArray[np.int_]) -> list[int]:
    """People of whom no two share a house: those with the fewest houses are taken first."""
    kept: list[int] = []
    taken: set[str] = set()
    for column in sorted(columns, key=lambda c: len(problem.houses[c])):
        if not problem.houses[column] & taken:
            kept.append(int(column))
            taken |= problem.houses[column]
    return kept
