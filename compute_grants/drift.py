"""Holding what grants want of a machine against what it has. Pure: nothing is read or written."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from compute_grants.backends import ClusterAccount
from compute_grants.models import Drift

Aspect = Drift.Aspect
YES, NO, NONE = "yes", "no", "none"
MOST = 100  # characters of a value
TOLERANCE = 1  # minutes: slurmctld counts whole ones


@dataclass(frozen=True, slots=True)
class Difference:
    """expected, found: as the machine would write them; subject: a user or a TRES.

    repairable: False for what is the centre's to change.
    """

    aspect: str
    subject: str
    expected: str
    found: str
    repairable: bool = True


@dataclass(frozen=True, slots=True)
class Cluster:
    """One reading: accounts, default account by user, minutes used by account and TRES."""

    accounts: Mapping[str, ClusterAccount]
    defaults: Mapping[str, str] = field(default_factory=dict)
    used: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


def differences(
    spec: Mapping[str, Any],
    cluster: Cluster,
    *,
    waiting: Collection[str] = (),
    charged: Mapping[str, int] | None = None,
) -> list[Difference]:
    """Where the account that `spec` (actions.grant_account.wanted) wants is otherwise.

    waiting: members of whom the machine has no user yet; that is known, and no difference.
    charged: minutes that the ledger charged, by TRES. TRES without a limit of ours, and users
    whose default account is another's, are the centre's.
    """
    name = spec["account"]
    account = cluster.accounts.get(name)
    if account is None:
        unused = not any((charged or {}).values())
        return [Difference(Aspect.ACCOUNT, "", name, NONE, repairable=unused)]
    used = cluster.used.get(name)
    found = [
        *_plain(spec, account),
        *_members(spec, account, waiting),
        *_defaults(spec, cluster),
        *(() if used is None else _usage(charged or {}, used)),
    ]
    return [row for row in found if row.expected != row.found]


def _plain(spec: Mapping[str, Any], account: ClusterAccount) -> Iterator[Difference]:
    yield Difference(Aspect.PARENT, "", spec["parent"], account.parent, repairable=False)
    for tres, minutes in sorted(spec["limits"].items()):
        yield Difference(Aspect.LIMIT, tres, str(minutes), _text(account.limits.get(tres)))
    yield Difference(Aspect.OPEN, "", _word(spec["open"]), _word(account.open))
    if "priority" in spec:
        yield Difference(Aspect.PRIORITY, "", spec["priority"], account.priority)
        yield Difference(Aspect.JOBS, "", _text(spec["max_jobs"]), _text(account.max_jobs))


def _members(
    spec: Mapping[str, Any], account: ClusterAccount, waiting: Collection[str]
) -> Iterator[Difference]:
    wanted = set(spec["members"])
    for user in sorted((wanted ^ account.members) - (set(waiting) - account.members)):
        yield Difference(Aspect.MEMBER, user, _word(user in wanted), _word(user not in wanted))


def _defaults(spec: Mapping[str, Any], cluster: Cluster) -> Iterator[Difference]:
    """Whoever is no member, and whose jobs yet go to this account unless they say otherwise."""
    for user, default in sorted(cluster.defaults.items()):
        if default == spec["account"] and user not in spec["members"]:
            yield Difference(Aspect.DEFAULT, user, NONE, default, repairable=False)


def _usage(charged: Mapping[str, int], used: Mapping[str, int]) -> Iterator[Difference]:
    """Only where the machine counts less than was charged: its count was reset, or decays.

    More is what runs, and what has not been read yet.
    """
    for tres, minutes in sorted(charged.items()):
        if used.get(tres, 0) < minutes - TOLERANCE:
            counted = str(used.get(tres, 0))
            yield Difference(Aspect.USAGE, tres, str(minutes), counted, repairable=False)


def _word(yes: object) -> str:
    return YES if yes else NO


def _text(value: object) -> str:
    return NONE if value is None else str(value)[:MOST]
