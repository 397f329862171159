"""Problems of assignment, made up by chance from a seed."""

import numpy as np

from compute_grants.matching.rules import Problem


def problem(
    proposals=30, reviewers=14, k=2, *, seed=1, most=None, conflicts=0.1, towns=8, **more
) -> Problem:
    chance = np.random.default_rng(seed)
    topics = chance.random((proposals, 12)) < 0.2, chance.random((reviewers, 12)) < 0.25
    affinity = 0.6 * (topics[0].astype(float) @ topics[1].T > 0)
    affinity += 0.4 * chance.beta(1.2, 8, (proposals, reviewers))
    given = {
        "affinity": affinity,
        "forbidden": chance.random((proposals, reviewers)) < conflicts,
        "wanted": np.full(proposals, k),
        "most": np.full(reviewers, most or -(-proposals * k // reviewers) + 1),
        "least": np.zeros(reviewers, dtype=int),
        "houses": [frozenset({f"h{chance.integers(towns)}"}) for _ in range(reviewers)],
        "had": np.zeros(proposals, dtype=int),
        "base": np.zeros(proposals),
    }
    return Problem(**(given | more))


def free(affinity, k=1, most=10, houses=None, **more) -> Problem:
    """No conflicts, everybody of a house of their own."""
    affinity = np.array(affinity, dtype=float)
    count = affinity.shape[1]
    own = [frozenset({f"own{n}"}) for n in range(count)]
    return problem(
        *affinity.shape,
        k,
        most=most,
        affinity=affinity,
        forbidden=np.zeros(affinity.shape, dtype=bool),
        houses=houses or own,
        **more,
    )
