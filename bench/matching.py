"""How long it takes to assign reviewers to a national programme's proposals.

A problem made up by chance: topics, words, conflicts, institutions, and a sixth more places
than are needed. The peer is the preview, which keeps every rule too, on the same problem.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np

from bench.result import Failed, Peer, Result
from compute_grants.matching.assign import SOLVER, solve
from compute_grants.matching.preview import preview
from compute_grants.matching.rules import Problem, breaches
from portal.runtime.postgres import Postgres

PROPOSALS, REVIEWERS, EACH, HOUSES = 300, 80, 3, 20
ASKED, KNOWN, CONFLICTS = 0.17, 0.25, 0.08  # shares: of 12 topics, and of pairs
SEED, LIMIT_SECONDS = 1, 15.0


def assignment(_server: Postgres, _database: str, quick: bool) -> Iterator[Result]:
    """300 proposals, 80 reviewers, 3 each: assignments an hour, so that more is better."""
    problem = made_up(30, 12) if quick else made_up(PROPOSALS, REVIEWERS)
    began = time.perf_counter()
    found = solve(problem, seconds=LIMIT_SECONDS)
    seconds = time.perf_counter() - began
    began = time.perf_counter()
    pairs = preview(problem)
    quick_seconds = time.perf_counter() - began
    if breaches(problem, found.pairs) or breaches(problem, pairs):
        raise Failed("an assignment of reviewers breaks a rule")
    facts = {
        "proposals": problem.shape[0],
        "reviewers": problem.shape[1],
        "pairs": len(found.pairs),
        "seconds": round(seconds, 2),
        "preview_seconds": round(quick_seconds, 3),
        "gap": found.gap,
        "proved": found.optimal,
        "worst": round(found.worst, 4),
        "worst_bound": round(found.bound, 4),
        "solver": SOLVER,
    }
    peer = Peer("preview, an hour", 3600 / quick_seconds)
    floor = 3600 / LIMIT_SECONDS
    yield Result("reviewer_assignment", 3600 / seconds, "assignments/h", peer, floor, facts)


def made_up(proposals: int, reviewers: int) -> Problem:
    """A problem as programmes have them, the same at every run."""
    chance = np.random.default_rng(SEED)
    left, right = chance.random((proposals, 12)) < ASKED, chance.random((reviewers, 12)) < KNOWN
    sizes = np.sqrt(np.maximum(1, np.outer(left.sum(axis=1), right.sum(axis=1))))
    topics = left.astype(np.float64) @ right.T / sizes
    words = chance.beta(1.2, 8, (proposals, reviewers))
    places = -(-proposals * EACH * 7 // (6 * reviewers))
    return Problem(
        affinity=0.6 * topics + 0.4 * words,
        forbidden=chance.random((proposals, reviewers)) < CONFLICTS,
        wanted=np.full(proposals, EACH),
        most=np.full(reviewers, places),
        least=np.zeros(reviewers, dtype=np.int_),
        houses=[frozenset({f"house {chance.integers(HOUSES)}"}) for _ in range(reviewers)],
        had=np.zeros(proposals, dtype=np.int_),
        base=np.zeros(proposals),
    )
