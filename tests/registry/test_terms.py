"""The one schema of a licence's terms."""

import pytest

from consortium.errors import Invalid
from registry.terms import Terms, changed
from tests.factories.licensing import terms


def test_terms_survive_json():
    made = terms(hosts=("a" * 64,), sites=("Suzhou",), royalty_basis_points=250)
    assert Terms.from_json(made.as_json()) == made


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"fields": ()}, "fields"),
        ({"fields": ("weapons",)}, "fields"),
        ({"fields": ("energy", "energy")}, "fields"),
        ({"regions": ("China",)}, "regions"),
        ({"regions": ()}, "regions"),
        ({"hosts": ("short",)}, "hosts"),
        ({"sites": (" ",)}, "sites"),
        ({"nodes": 0}, "nodes"),
        ({"cards": 10**9 + 1}, "cards"),
        ({"months": 121}, "months"),
        ({"price_fen": -1}, "price_fen"),
        ({"royalty_basis_points": 10_001}, "royalty_basis_points"),
        ({"status_days": 0}, "status_days"),
        ({"public_facing": True}, "filing"),
        ({"public_facing": True, "filing": "  "}, "filing"),
        ({"filing": "x" * 65}, "filing"),
        ({"updates": "some"}, "updates"),
        ({"meter_unit": "miles"}, "meter_unit"),
    ],
)
def test_a_broken_rule_names_its_term(changes, field):
    with pytest.raises(Invalid) as caught:
        terms(**changes)
    assert list(caught.value.errors) == [field]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (lambda d: d.pop("cards"), "cards"),
        (lambda d: d.update(cards="8"), "cards"),
        (lambda d: d.update(cards=True), "cards"),
        (lambda d: d.update(cards=8.5), "cards"),
        (lambda d: d.update(fields="energy"), "fields"),
        (lambda d: d.update(fields=[1]), "fields"),
        (lambda d: d.update(public_facing=1), "public_facing"),
        (lambda d: d.update(discount=1), "discount"),
        (lambda d: d.update(filing=None), "filing"),
    ],
)
def test_json_of_another_shape_is_refused(change, field):
    data = terms().as_json()
    change(data)
    with pytest.raises(Invalid) as caught:
        Terms.from_json(data)
    assert field in caught.value.errors


def test_changes_between_revisions_are_named():
    before, after = terms().as_json(), terms(cards=32, sites=("Suzhou",)).as_json()
    assert changed(before, after) == {"cards", "sites"}
    assert changed(None, after) == frozenset()
