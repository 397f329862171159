"""What a benchmark's line says, and when a figure misses its limit."""

import json

import pytest

from bench.lists import Visit, _result
from bench.result import Failed, Peer, Result


@pytest.mark.parametrize(
    ("value", "floor", "ceiling", "missed"),
    [
        (5, None, None, False),
        (5, 6, None, True),
        (6, 6, None, False),
        (16, None, 15.0, True),
        (15, None, 15.0, False),
    ],
)
def test_a_figure_beyond_its_limit_is_missed(value, floor, ceiling, missed):
    made = Result("figure", value, "s", Peer("other", 1), floor, {}, ceiling)
    assert made.missed is missed
    line = json.loads(made.line())
    assert (line["floor"], line["ceiling"]) == (floor, ceiling)


def test_a_list_takes_the_same_queries_whatever_its_length():
    fine = _result("noun", "page", [Visit(7, 1.0, 2.0), Visit(7, 1.5, 3.0)], (10, 100))
    assert (fine.value, fine.facts["queries"], fine.facts["median_ms"]) == (3.0, 7, [1.0, 1.5])


@pytest.mark.parametrize("counts", [(7, 8), (0, 0)])
def test_more_queries_for_more_rows_or_none_counted_is_a_failure(counts):
    with pytest.raises(Failed, match="queries"):
        _result("noun", "page", [Visit(count, 1.0, 2.0) for count in counts], (10, 100))
