"""Which accounts of an existing cluster are which grants': proposals for an operator. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

NAME, DESCRIPTION, LEAD, MEMBER = 100, 80, 20, 10  # what each piece of evidence counts
_LINE = re.compile(r"^(Account|Parent|User) - '([^']*)'(.*)$")
_DESCRIPTION = re.compile(r":Description='([^']*)'")
_WORD = re.compile(r"[\w-]+")


@dataclass(frozen=True, slots=True)
class Existing:
    """An account that is on the cluster."""

    name: str
    parent: str = ""
    description: str = ""
    members: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Wanted:
    """A grant that needs one. numbers: its own and its proposal's; lead, users: their names."""

    number: str
    numbers: frozenset[str]
    name: str
    lead: frozenset[str] = frozenset()
    users: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Match:
    """What one account is proposed for; number "": nothing.

    evidence: "name", "description", and the users they share. rivals: grants that fit it equally,
    of which none is proposed.
    """

    account: Existing
    number: str = ""
    score: int = 0
    evidence: tuple[str, ...] = ()
    rivals: tuple[str, ...] = ()

    @property
    def users(self) -> list[str]:
        return sorted(self.account.members)

    @property
    def grants(self) -> tuple[str, ...]:
        return (self.number,) if self.number else self.rivals

    @property
    def reasons(self) -> list[str]:
        """The evidence, in the reader's words."""
        words = {"name": _("the name"), "description": _("the number in its description")}
        return [str(words.get(each, each)) for each in self.evidence]


class NotADump(ValueError):
    """The text is not what `sacctmgr dump` writes."""


def read_dump(text: str) -> dict[str, Existing]:
    """Accounts of `sacctmgr dump CLUSTER`, by name. Raises NotADump."""
    parent = ""
    accounts: dict[str, tuple[str, str]] = {}
    users: dict[str, set[str]] = {}
    for line in text.splitlines():
        row = _LINE.match(line.strip())
        if row is None:
            continue
        kind, name, rest = row.groups()
        if kind == "Parent":
            parent = name
        elif kind == "Account":
            described = _DESCRIPTION.search(rest)
            accounts[name] = (parent, described[1] if described else "")
        else:
            users.setdefault(parent, set()).add(name)
    if not accounts:
        raise NotADump("this names no account; give the file that “sacctmgr dump” wrote")
    return {
        name: Existing(name, above, described, frozenset(users.get(name, ())))
        for name, (above, described) in accounts.items()
    }


def propose(accounts: Mapping[str, Existing], grants: Collection[Wanted]) -> list[Match]:
    """For each account the grant that fits best, each grant once; the surest first."""
    pairs = [Match(a, g.number, *_fit(a, g)) for a in accounts.values() for g in grants]
    pairs = [pair for pair in pairs if pair.score]
    pairs.sort(key=lambda pair: (-pair.score, pair.account.name, pair.number))
    taken: set[str] = set()
    found: dict[str, Match] = {}
    for pair in pairs:
        if pair.account.name in found or pair.number in taken:
            continue
        equal = tuple(
            each.number
            for each in pairs
            if (each.account, each.score) == (pair.account, pair.score) and each.number not in taken
        )
        if len(equal) > 1:
            found[pair.account.name] = Match(pair.account, rivals=equal)
        else:
            found[pair.account.name] = pair
            taken.add(pair.number)
    rest = (Match(account) for name, account in sorted(accounts.items()) if name not in found)
    return [*found.values(), *rest]


def _fit(account: Existing, grant: Wanted) -> tuple[int, tuple[str, ...]]:
    named = account.name == grant.name
    words = set(_WORD.findall(account.description.upper()))
    described = bool(words & {number.upper() for number in grant.numbers})
    shared = sorted(account.members & (grant.users | grant.lead))
    score = NAME * named + DESCRIPTION * described + MEMBER * len(shared)
    score += LEAD * bool(account.members & grant.lead)
    return score, (*["name"] * named, *["description"] * described, *shared)
