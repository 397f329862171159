"""Money is conserved: properties over random policies, lineages and receipts."""

import os
import random
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry import waterfall
from registry.waterfall import ARM, FOUNDING, FUND, BadLineage, Gift, Node, Party, Policy

KINDS = ["compute", "people", "infrastructure", "data"]
SPLITS = int(os.environ.get("PORTAL_TEST_SPLITS", "20000"))


def pay(net, nodes, sold="a", policy=FOUNDING):
    exact = waterfall.by_party(waterfall.entitlements(net, policy, nodes, sold))
    return waterfall.payments(exact, {})


def institution(number):
    return Party("institution", number)


def test_one_receipt_by_hand():
    """100,000 fen: arm 15 %, fund 5 %; of 80,000 compute 2/5, people 3/10, infrastructure 1/5,
    data 1/10."""
    node = Node(
        (
            Gift(1, "compute", 7),
            Gift(2, "people", 3),
            Gift(3, "infrastructure", 7),
            Gift(1, "data", 1),
        )
    )
    assert pay(100_000, {"a": node}) == {
        ARM: 15_000,
        institution(1): 32_000 + 8_000,
        institution(2): 24_000,
        institution(3): 16_000,
        FUND: 5_000,
    }


def test_the_arms_share_is_capped_and_the_rest_flows_on():
    node = Node((Gift(1, "people", 1),))
    paid = pay(1_000_000_000, {"a": node})
    assert paid[ARM] == 50_000_000
    assert paid[FUND] == 50_000_000
    assert paid[institution(1)] == 900_000_000


def test_a_kind_that_nobody_gave_falls_to_the_others():
    assert pay(100, {"a": Node((Gift(9, "data", 5),))})[institution(9)] == 80


def test_a_fixed_fraction_goes_up_each_edge():
    nodes = {
        "a": Node((Gift(1, "people", 1),), (("b", "fine_tuned"),)),
        "b": Node((Gift(2, "people", 1),), (("c", "trained_from"),)),
        "c": Node((Gift(3, "people", 1),)),
    }
    paid = pay(100_000, nodes)
    assert [paid[institution(n)] for n in (1, 2, 3)] == [60_000, 15_000, 5_000]


def test_diamonds_add():
    nodes = {
        "a": Node((Gift(1, "people", 1),), (("b", "merged"), ("c", "merged"))),
        "b": Node((Gift(2, "people", 1),), (("d", "fine_tuned"),)),
        "c": Node((Gift(3, "people", 1),), (("d", "fine_tuned"),)),
        "d": Node((Gift(4, "people", 1),)),
    }
    paid = pay(100_000, nodes)
    assert [paid[institution(n)] for n in (1, 2, 3, 4)] == [48_000, 12_000, 12_000, 8_000]


def test_what_nobody_is_on_record_for_goes_to_the_mission():
    assert pay(100, {"a": Node(())}) == {ARM: 15, FUND: 85}


@pytest.mark.parametrize(
    "nodes",
    [
        {"a": Node((), (("a", "merged"),))},
        {"a": Node((), (("b", "merged"),)), "b": Node((), (("a", "merged"),))},
        {"a": Node((), (("gone", "merged"),))},
        {
            "a": Node((), tuple((key, "quantised") for key in "bcd")),
            **{key: Node(()) for key in "bcd"},
        },
    ],
    ids=["itself", "cycle", "unknown", "passes up 3/2"],
)
def test_a_bad_lineage_is_refused(nodes):
    with pytest.raises(BadLineage):
        pay(100, nodes)


@pytest.mark.parametrize(
    "change",
    [
        {"deployment": Fraction(2)},
        {"mission": Fraction(-1, 2)},
        {"deployment": Fraction(1, 2), "mission": Fraction(2, 3)},
        {"weights": {"compute": Fraction(1, 2)}},
    ],
)
def test_a_policy_that_gives_more_than_there_is_is_refused(change):
    whole = {name: getattr(FOUNDING, name) for name in Policy.__slots__}
    with pytest.raises(ValueError, match=r"share|more|weights"):
        Policy(**whole | change)


def test_a_policy_survives_json():
    assert Policy.from_json(FOUNDING.as_json()) == FOUNDING


def test_rounding_each_share_alone_would_be_wrong():
    """The control: what the largest remainder is for."""
    thirds = {institution(n): Fraction(100, 3) for n in range(3)}
    assert sum(round(share) for share in thirds.values()) == 99
    assert waterfall.whole_fen(thirds) == {
        institution(0): 34,
        institution(1): 33,
        institution(2): 33,
    }


def test_whole_fen_refuses_what_does_not_add_up():
    with pytest.raises(ValueError, match="whole fen"):
        waterfall.whole_fen({institution(1): Fraction(1, 3)})


def random_nodes(rng):
    """A lineage of up to six checkpoints; parents come later in the alphabet."""
    keys = "abcdef"[: rng.randint(1, 6)]
    relations = ["trained_from", "fine_tuned", "merged", "distilled"]
    nodes = {}
    for index, key in enumerate(keys):
        above = keys[index + 1 :]
        parents = rng.sample(above, rng.randint(0, min(3, len(above))))
        gifts = {
            (rng.randint(1, 9), rng.choice(KINDS)): rng.randint(1, 10**9)
            for _i in range(rng.randint(0, 6))
        }
        nodes[key] = Node(
            tuple(Gift(who, kind, amount) for (who, kind), amount in gifts.items()),
            tuple((parent, rng.choice(relations)) for parent in parents),
        )
    return nodes


@pytest.mark.slow
def test_random_splits_add_up_whatever_the_order():
    """PORTAL_TEST_SPLITS=100000 is the promise; fewer by default."""
    rng = random.Random(20261124)  # noqa: S311  repeatable
    for _i in range(SPLITS):
        nodes, net = random_nodes(rng), rng.randint(1, 10**11)
        parts = waterfall.entitlements(net, FOUNDING, nodes, "a")
        assert sum(part.entitled for part in parts) == net
        paid = waterfall.payments(waterfall.by_party(parts), {})
        rng.shuffle(parts)
        assert sum(paid.values()) == net
        assert min(paid.values()) >= 0
        assert waterfall.payments(waterfall.by_party(parts), {}) == paid


receipts = st.lists(st.integers(1, 10**7), min_size=1, max_size=12)
weights = st.lists(st.integers(1, 50), min_size=1, max_size=7)


@settings(deadline=None)
@given(receipts, weights, st.randoms(use_true_random=False))
def test_nobody_ever_drifts_by_a_fen_and_order_does_not_matter(nets, amounts, rng):
    node = Node(tuple(Gift(n, "people", amount) for n, amount in enumerate(amounts)))

    def run(nets):
        entitled, paid = {}, {}
        for net in nets:
            for party, share in waterfall.by_party(
                waterfall.entitlements(net, FOUNDING, {"a": node}, "a")
            ).items():
                entitled[party] = entitled.get(party, Fraction(0)) + share
            now = waterfall.payments(entitled, paid)
            assert sum(now.values()) == net
            for party, amount in now.items():
                paid[party] = paid.get(party, 0) + amount
                assert abs(entitled[party] - paid[party]) < 1
                assert paid[party] >= 0
        return paid

    in_order = run(nets)
    rng.shuffle(nets)
    assert run(nets) == in_order
