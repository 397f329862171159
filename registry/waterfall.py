"""How a receipt flows to those who made the model: pure, in exact fractions of a fen.

In this order, from the receipt's net (docs/adr/0013-revenue-waterfall.md):

1. the for-profit arm's share, capped;
2. the mission fund's share;
3. of what is left, a fixed fraction up each lineage edge of the checkpoint, and from there on
   again up that one's edges; a model reached by two ways receives both;
4. what stays at a checkpoint goes to its contributors: a weight per kind of contribution, and
   within a kind in proportion to the amounts of its snapshot.

The whole fen are dealt by the largest remainder of what each party is entitled to over all
receipts so far, less what it was paid: so sums are exact, nobody ever drifts by a whole fen,
and the order of receipts or of contributors does not matter.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

DEPLOYMENT_ARM = "deployment_arm"
MISSION_FUND = "mission_fund"
INSTITUTION = "institution"


class BadLineage(ValueError):
    """The lineage has a cycle, passes up more than there is, or leads to an unknown model."""


@dataclass(frozen=True, slots=True, order=True)
class Party:
    """kind: deployment_arm, mission_fund or institution; id: the institution's, else 0."""

    kind: str
    id: int = 0


ARM = Party(DEPLOYMENT_ARM)
FUND = Party(MISSION_FUND)


@dataclass(frozen=True, slots=True)
class Policy:
    """Shares as exact fractions; the cap in fen per receipt, None for no cap.

    pass_up: by lineage relation. weights: by kind of contribution; a kind that nobody
    contributed falls to the others in proportion.
    """

    deployment: Fraction
    deployment_cap_fen: int | None
    mission: Fraction
    pass_up: Mapping[str, Fraction]
    weights: Mapping[str, Fraction]

    def __post_init__(self) -> None:
        shares = [self.deployment, self.mission, *self.pass_up.values(), *self.weights.values()]
        if any(not 0 <= share <= 1 for share in shares):
            raise ValueError("a share lies between 0 and 1")
        if self.deployment + self.mission > 1:
            raise ValueError("the arm and the fund cannot take more than there is")
        if sum(self.weights.values()) != 1:
            raise ValueError("the weights must add up to 1")

    def as_json(self) -> dict[str, Any]:
        return {
            "deployment": str(self.deployment),
            "deployment_cap_fen": self.deployment_cap_fen,
            "mission": str(self.mission),
            "pass_up": {name: str(share) for name, share in self.pass_up.items()},
            "weights": {name: str(share) for name, share in self.weights.items()},
        }

    @classmethod
    def from_json(cls, rules: Mapping[str, Any]) -> Policy:
        return cls(
            Fraction(rules["deployment"]),
            rules["deployment_cap_fen"],
            Fraction(rules["mission"]),
            {name: Fraction(share) for name, share in rules["pass_up"].items()},
            {name: Fraction(share) for name, share in rules["weights"].items()},
        )


FOUNDING = Policy(
    deployment=Fraction(3, 20),
    deployment_cap_fen=50_000_000,
    mission=Fraction(1, 20),
    pass_up={
        "trained_from": Fraction(1, 4),
        "fine_tuned": Fraction(1, 4),
        "adapter": Fraction(1, 4),
        "merged": Fraction(1, 5),
        "distilled": Fraction(1, 5),
        "quantised": Fraction(1, 2),
    },
    weights={
        "compute": Fraction(2, 5),
        "people": Fraction(3, 10),
        "infrastructure": Fraction(1, 5),
        "data": Fraction(1, 10),
    },
)


@dataclass(frozen=True, slots=True)
class Gift:
    """What an institution gave to a checkpoint: amount > 0, in the unit of its kind."""

    institution: int
    kind: str
    amount: int


@dataclass(frozen=True, slots=True)
class Node:
    """A checkpoint: its contributions, and its parents as (checkpoint, relation)."""

    gifts: tuple[Gift, ...]
    parents: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """Why a party is entitled to so much: basis deployment, mission or a kind of gift, and
    the checkpoint it was given to ("" for the first two)."""

    party: Party
    basis: str
    checkpoint: str
    entitled: Fraction


def entitlements(net_fen: int, policy: Policy, nodes: Mapping[str, Node], sold: str) -> list[Part]:
    """Who is entitled to what of `net_fen`; the parts add up to it exactly.

    sold: the key of the licensed checkpoint in `nodes`. Raises BadLineage.
    """
    arm = net_fen * policy.deployment
    if policy.deployment_cap_fen is not None:
        arm = min(arm, Fraction(policy.deployment_cap_fen))
    fund = net_fen * policy.mission
    parts = [Part(ARM, "deployment", "", arm), Part(FUND, "mission", "", fund)]
    for key, amount in _passed_up(net_fen - arm - fund, policy, nodes, sold).items():
        parts += _among_gifts(amount, policy, nodes[key].gifts, key)
    return [part for part in parts if part.entitled]


def _passed_up(
    amount: Fraction, policy: Policy, nodes: Mapping[str, Node], sold: str
) -> dict[str, Fraction]:
    """What stays at each checkpoint. Children are settled before their parents, so that what
    comes together from several ways is passed on once."""
    arrived: dict[str, Fraction] = defaultdict(Fraction, {sold: amount})
    stays: dict[str, Fraction] = {}
    for key in _children_first(nodes, sold):
        given = Fraction(0)
        for parent, relation in nodes[key].parents:
            share = arrived[key] * policy.pass_up.get(relation, Fraction(0))
            arrived[parent] += share
            given += share
        if given > arrived[key]:
            raise BadLineage(f"{key} would pass up more than it receives")
        stays[key] = arrived[key] - given
    return stays


def _children_first(nodes: Mapping[str, Node], sold: str) -> list[str]:
    """The checkpoints above `sold`, itself first, each before its parents. Raises BadLineage."""
    done: list[str] = []
    settled: set[str] = set()
    under_way: set[str] = set()
    stack = [(sold, False)]
    while stack:
        key, leaving = stack.pop()
        if leaving:
            under_way.discard(key)
            settled.add(key)
            done.append(key)
            continue
        if key in settled:
            continue
        if key in under_way:
            raise BadLineage(f"{key} descends from itself")
        if key not in nodes:
            raise BadLineage(f"{key} is unknown")
        under_way.add(key)
        stack.append((key, True))
        stack += [(parent, False) for parent, _relation in nodes[key].parents]
    return done[::-1]


def _among_gifts(amount: Fraction, policy: Policy, gifts: tuple[Gift, ...], key: str) -> list[Part]:
    totals: dict[str, int] = defaultdict(int)
    for gift in gifts:
        totals[gift.kind] += gift.amount
    weight = sum((policy.weights.get(kind, Fraction(0)) for kind in totals), Fraction(0))
    if not weight:  # nobody on record: the mission keeps it, rather than anybody else
        return [Part(FUND, "unclaimed", key, amount)]
    return [
        Part(
            Party(INSTITUTION, gift.institution),
            gift.kind,
            key,
            amount * policy.weights.get(gift.kind, Fraction(0)) / weight
            * Fraction(gift.amount, totals[gift.kind]),
        )
        for gift in gifts
    ]  # fmt: skip


def by_party(parts: Iterable[Part]) -> dict[Party, Fraction]:
    sums: dict[Party, Fraction] = defaultdict(Fraction)
    for part in parts:
        sums[part.party] += part.entitled
    return dict(sums)


def whole_fen(entitled: Mapping[Party, Fraction]) -> dict[Party, int]:
    """Whole fen for exact entitlements that add up to a whole number: the floor of each, and
    one more for the largest remainders. Equal remainders: the lesser party first."""
    total = sum(entitled.values(), Fraction(0))
    if total.denominator != 1:
        raise ValueError("entitlements must add up to whole fen")
    floors = {party: share.numerator // share.denominator for party, share in entitled.items()}
    left = int(total) - sum(floors.values())
    ranked = sorted(entitled, key=lambda party: (floors[party] - entitled[party], party))
    return {party: floors[party] + (rank < left) for rank, party in enumerate(ranked)}


def payments(
    entitled_to_date: Mapping[Party, Fraction], paid_to_date: Mapping[Party, int]
) -> dict[Party, int]:
    """What each party receives now, in fen. A fen may go back that rounding gave too early."""
    due = whole_fen(entitled_to_date)
    return {party: due[party] - paid_to_date.get(party, 0) for party in sorted(due)}
