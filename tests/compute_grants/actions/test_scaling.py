"""Scaling tables: what is stated, and what follows from it."""

import pytest
from django.core.exceptions import PermissionDenied

from compute_grants.actions import proposals, scaling
from compute_grants.queries.proposal_content import content
from compute_grants.queries.scaling import efficiency_chart, series_of
from compute_grants.scaling import curve
from consortium.errors import Invalid, Stale
from tests.factories import compute_grants as make
from tests.factories.consortium import member

POINTS = [(8, 8_000), (16, 4_000), (64, 2_000)]


@pytest.fixture
def draft(db):
    return make.proposal_for(make.call_with())


def state(proposal, points=POINTS, **more):
    given = {"machine": "Qinghu", "precision": "BF16", "by": proposal.lead} | more
    return scaling.set_series(proposal, points=points, **given)


def test_against_the_smallest_width():
    rows = curve([(64, 2_000), (8, 8_000), (16, 4_000)])
    assert [row.width for row in rows] == [8, 16, 64]
    assert [row.speed_up for row in rows] == [1, 2, 4]
    assert [row.percent for row in rows] == [100, 100, 50]
    assert curve([]) == []


def test_a_series_is_stated_replaced_and_removed(draft):
    state(draft)
    state(draft, precision="FP64", points=[(1, 5), (2, 3)])
    assert [s.precision for s in series_of(draft)] == ["BF16", "FP64"]
    state(draft, points=[(1, 100), (4, 30)])
    assert series_of(draft)[0].lines == "1 0.1\n4 0.03"
    state(draft, points=[])
    assert [s.precision for s in series_of(draft)] == ["FP64"]
    assert content(draft)["scaling"][0]["milliseconds"] == 5


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"machine": " "}, "machine"),
        ({"precision": "FP4"}, "precision"),
        ({"points": [(8, 10)]}, "points"),
        ({"points": [(8, 10), (8, 11)]}, "points"),
        ({"points": [(0, 10), (8, 11)]}, "points"),
        ({"points": [(n, 10) for n in range(1, 202)]}, "points"),
    ],
)
def test_what_a_series_needs(draft, fields, field):
    with pytest.raises(Invalid) as caught:
        state(draft, **fields)
    assert list(caught.value.errors) == [field]
    assert not draft.scaling.exists()


def test_an_older_form_overwrites_nothing(draft):
    state(draft, version=1)
    with pytest.raises(Stale):
        state(draft, points=[], version=1)


def test_only_writers_and_only_drafts(draft):
    with pytest.raises(PermissionDenied):
        state(draft, by=member())
    proposals.submit(draft, by=draft.lead)
    with pytest.raises(proposals.NotEditable):
        state(draft)


def test_the_chart_has_a_line_a_series_and_the_perfect_one(draft):
    state(draft)
    option = efficiency_chart(series_of(draft))
    assert option["series"][0]["data"][-1] == [64, 50.0]
    assert option["series"][-1]["data"] == [[8, 100], [64, 100]]
