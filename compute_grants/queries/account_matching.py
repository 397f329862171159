"""Accounts of a cluster that no grant has, with the grants that they might be."""

from __future__ import annotations

from collections.abc import Mapping

from compute_grants.account_matching import Existing, Match, Wanted, propose
from compute_grants.backends import ClusterAccount
from compute_grants.models import Allocation, Machine

CENTRES_OWN = frozenset({"root", "consortium"})


def existing(accounts: Mapping[str, ClusterAccount]) -> dict[str, Existing]:
    """As a reading of the machine has them; it says nothing of descriptions."""
    return {name: Existing(name, row.parent, "", row.members) for name, row in accounts.items()}


def matches(machine: Machine, accounts: Mapping[str, Existing]) -> list[Match]:
    """For every account that is no grant's and has none below it. Four queries."""
    live = Allocation.objects.live().filter(resource__machine=machine, usage__isnull=True)
    grants = live.select_related("proposal__lead").prefetch_related("members__user")
    names = Allocation.objects.filter(resource__machine=machine).values_list(
        "slurm_account", "left_accounts"
    )
    known = {name for own, left in names for name in (own, *left)}
    known |= CENTRES_OWN | {row.parent for row in accounts.values()}
    free = {name: row for name, row in accounts.items() if name not in known}
    return propose(free, [_wanted(grant) for grant in grants.order_by("pk")])


def _wanted(grant: Allocation) -> Wanted:
    members = [row for row in grant.members.all() if row.until is None]
    users = {row.cluster_user for row in members} | {_local(row.user.email) for row in members}
    return Wanted(
        number=grant.number,
        numbers=frozenset({grant.number, grant.proposal.number or grant.number}),
        name=grant.own_account_name,
        lead=frozenset({_local(grant.proposal.lead.email)}),
        users=frozenset(users),
    )


def _local(email: str) -> str:
    return email.partition("@")[0].lower()
