"""Scores adjusted for strictness: against truth that is known, and against the formula."""

import numpy as np
import pytest

from compute_grants.matching.normalise import normalise


@pytest.fixture(scope="module")
def truth():
    """Proposals, reviewers, scores; then the qualities and the strictness they were made from."""
    chance = np.random.default_rng(5)
    count, people, k = 120, 30, 3
    quality, strict = chance.normal(3, 0.6, count), chance.normal(0, 0.6, people)
    rows = np.repeat(np.arange(count), k)
    columns = np.concatenate([chance.choice(people, k, replace=False) for _ in range(count)])
    scores = quality[rows] + strict[columns] + chance.normal(0, 0.5, len(rows))
    return rows, columns, scores, quality, strict


def test_it_is_nearer_the_truth_than_the_mean(truth):
    rows, columns, scores, quality, strict = truth
    found = normalise(rows, columns, scores)
    assert np.std(found.score - quality) < 0.85 * np.std(found.raw - quality)
    assert np.corrcoef(found.strictness, strict)[0, 1] > 0.9


def test_intervals_hold_the_truth_nine_times_in_ten(truth):
    rows, columns, scores, quality, _strict = truth
    found = normalise(rows, columns, scores)
    rank = np.argsort(np.argsort(-quality)) + 1
    inside = (found.rank_low <= rank) & (rank <= found.rank_high)
    assert 0.82 < inside.mean() <= 1
    assert np.mean(np.abs(found.score - quality) <= 1.96 * found.error) > 0.88


def test_a_strict_reviewer_does_not_sink_a_proposal():
    # Reviewer 0 gives everybody two points less. Proposals 0 and 1 are alike otherwise.
    rows = [0, 0, 1, 1, 2, 2, 3, 3]
    columns = [0, 1, 1, 2, 0, 2, 0, 1]
    scores = [2.0, 4, 4, 4, 2, 4, 2, 4]
    found = normalise(rows, columns, scores)
    assert found.raw[1] - found.raw[0] == pytest.approx(1)
    assert found.score[1] - found.score[0] < 0.5
    assert found.strictness[0] < -0.5
    assert abs(found.strictness.sum()) < 1e-9


def test_it_is_least_squares_with_a_ridge(truth):
    rows, columns, scores, *_ = truth
    found = normalise(rows, columns, scores, ridge=2.0)
    left = scores - found.score[rows] - found.strictness[columns]
    # At the minimum the gradient by every effect is zero.
    assert np.abs(np.bincount(rows, left)).max() < 1e-8
    assert np.abs(np.bincount(columns, left) - 2.0 * found.strictness).max() < 1e-8


def test_the_same_input_gives_the_same_ranks(truth):
    rows, columns, scores, *_ = truth
    first, again = (normalise(rows, columns, scores) for _ in range(2))
    assert (first.rank_low == again.rank_low).all() and (first.rank_high == again.rank_high).all()


def test_groups_without_a_reviewer_in_common_are_said():
    found = normalise([0, 1, 2, 3], [0, 0, 1, 1], [4.0, 3, 4, 3])
    assert found.groups == 2
    assert list(found.group) == [0, 0, 1, 1]
    joined = normalise([0, 1, 1, 2], [0, 0, 1, 1], [4.0, 3, 3, 4])
    assert joined.groups == 1


def test_one_review_is_not_certain():
    found = normalise([0], [0], [3.0])
    assert found.score[0] == pytest.approx(3.0)
    assert found.error[0] > 0.5
    assert (found.rank_low[0], found.rank_high[0]) == (1, 1)


def test_no_review_at_all():
    found = normalise([], [], [])
    assert found.groups == 0 and len(found.score) == 0
