"""A cluster that runs Slurm with accounting, by its own commands (ADR 0024).

Every change is: read, act only on a difference, read back. What was read back decides, not the
exit code: sacctmgr calls it a failure to be asked for what is there already, and prints an error
beside exit code 0. Nothing here deletes: see ClusterBackend.

What of ours is what in Slurm, all of it on the account's own association:

closed            GrpJobs=0 and GrpSubmitJobs=0: nothing starts, nothing is accepted
max_jobs          GrpJobs, while open; MaxJobs keeps the number while closed
priority "low"    Priority=0; "normal": none of its own, so that of the parent account
a member dropped  MaxJobs=0 and MaxSubmitJobs=0 on the user's association
"""

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import BinaryIO

from django.conf import settings

from compute_grants.backends.base import (
    ClusterAccount,
    ClusterError,
    WaitingJob,
    checked_description,
    checked_limits,
    checked_name,
    checked_service,
)
from compute_grants.backends.slurm_client import Client

FIELDS = (
    *("Account", "ParentName", "User", "Partition", "GrpJobs", "GrpSubmitJobs"),
    *("GrpTRESMins", "MaxJobs", "MaxSubmitJobs", "Priority"),
)
SHOW = ("sacctmgr", "-nP", "show", "assoc", "where")
CHANGE = ("sacctmgr", "-i", "-Q")
QUEUE = ("squeue", "-h", "-t", "PENDING", "-o", "%i/%u/%a/%V/%r")
USERS = ("sacctmgr", "-nP", "show", "user", "format=User,DefaultAccount")
USAGE = ("scontrol", "-o", "show", "assoc_mgr", "flags=assoc")
ACCOUNT_ROW = re.compile(r"\bAccount=(\S+) UserName= ")
MINUTES = re.compile(r"\bGrpTRESMins=(\S*)")
USED = re.compile(r"([^=,]+)=[^(,]*\((\d+)\)")  # cpu=600(88): limit, and used
AT_ONCE = 100  # names in one command, whose length has a limit
SACCT = ("sacct", "-X", "--allusers", "--duplicates", "--parsable2", "--noconvert")
FORMAT = (
    "Cluster,JobIDRaw,JobID,Account,User,Partition,QOS,Submit,Start,End,ElapsedRaw,State,"
    "AllocTRES,ConsumedEnergyRaw,Comment,JobName"
)
ORGANIZATION = "portal"
NOT_ALL_FOUND = 2  # getent's exit code
NONE = -1  # how a limit is taken away
LOW = 0


@dataclass(slots=True)
class _Association:
    """An account as Slurm has it, without what it inherits. None: no limit of its own."""

    name: str
    parent: str = ""
    users: dict[str, int | None] = field(default_factory=dict)  # name -> MaxSubmitJobs
    limits: dict[str, int] = field(default_factory=dict)
    grp_jobs: int | None = None
    grp_submit: int | None = None
    max_jobs: int | None = None
    priority: int | None = None

    @property
    def closed(self) -> bool:
        """Both, or jobs that wait could start: half closed is to be closed again."""
        return self.grp_jobs == 0 and self.grp_submit == 0

    @property
    def account(self) -> ClusterAccount:
        return ClusterAccount(
            name=self.name,
            parent=self.parent,
            members=frozenset(user for user, submit in self.users.items() if submit != 0),
            limits=self.limits,
            open=not self.closed,
            priority="low" if self.priority == LOW else "normal",
            max_jobs=self.max_jobs if self.closed else self.grp_jobs,
        )


class SlurmBackend:
    """See ClusterBackend. `prefix` and `timeout` are settings' unless given."""

    def __init__(
        self, cluster: str, prefix: Sequence[str] | None = None, timeout: float | None = None
    ) -> None:
        self.cluster = checked_name(cluster)
        prefix = settings.SLURM_CLUSTERS.get(cluster) if prefix is None else prefix
        if prefix is None:
            raise ClusterError(f"SLURM_CLUSTERS says nothing of how to reach {cluster}")
        self.client = Client(cluster, prefix, timeout or settings.SLURM_TIMEOUT)

    # Reading

    def account(self, name: str) -> ClusterAccount | None:
        found = self._find(name)
        return found.account if found else None

    def snapshot(self) -> dict[str, ClusterAccount]:
        found = self._read()
        if not found:  # there is always root: this is no answer, and no empty cluster
            raise ClusterError(f"{self.cluster}: sacctmgr shows no account at all")
        return {name: row.account for name, row in found.items()}

    def default_accounts(self) -> dict[str, str]:
        lines = self.client.read(*USERS).splitlines()
        pairs = (line.partition("|") for line in lines)
        return {user: account for user, _, account in pairs if account}

    def used_minutes(self) -> dict[str, dict[str, int]]:
        """As slurmctld counts them, not slurmdbd."""
        found: dict[str, dict[str, int]] = {}
        for line in self.client.read(*USAGE).splitlines():
            row = ACCOUNT_ROW.search(line)
            minutes = MINUTES.search(line)
            if row and minutes:
                used = USED.findall(minutes[1])
                found[row[1]] = {tres: int(number) for tres, number in used}
        return found

    def known_users(self, names: Collection[str]) -> frozenset[str]:
        """By the directory of the host where the portal's commands run, which is the cluster's."""
        found: set[str] = set()
        for some in _portions(sorted({checked_name(name) for name in names})):
            answer = self.client.ask("getent", "passwd", *some)
            if answer.code not in {0, NOT_ALL_FOUND}:
                raise ClusterError(f"{self.cluster}: getent passwd: {answer.said}")
            found |= {line.partition(":")[0] for line in answer.output.splitlines()}
        return frozenset(names) & found

    def waiting_jobs(self, accounts: Sequence[str]) -> list[WaitingJob]:
        found: list[WaitingJob] = []
        for some in _portions(sorted({checked_name(name) for name in accounts})):
            lines = self.client.read(*QUEUE, "-A", ",".join(some)).splitlines()
            try:
                found += [_job(line) for line in lines]
            except ValueError as error:
                raise ClusterError(f"{self.cluster}: squeue printed {error}") from error
        return sorted(found, key=lambda job: job.submitted_at)

    def fetch_jobs(self, since: datetime, until: datetime) -> BinaryIO:
        """Jobs alone (-X), each run of a requeued one (--duplicates), exact counts."""
        window = [f"{flag} uts{int(at.timestamp())}" for flag, at in (("-S", since), ("-E", until))]
        words = (*SACCT, f"--format={FORMAT}", *" ".join(window).split())
        return self.client.spool(*words)

    # Changing

    def ensure_account(self, name: str, *, parent: str, description: str) -> None:
        words = (
            *("add", "account", f"name={checked_name(name)}", f"parent={checked_name(parent)}"),
            f"cluster={self.cluster}",
            f"description={checked_description(description)}",
            f"organization={ORGANIZATION}",
        )
        if self._find(name) is None:
            self._change(name, words, lambda _: True)

    def ensure_member(self, name: str, user: str) -> None:
        checked_name(user)
        users = self._existing(name).users
        if user not in users:
            words = ("add", "user", f"name={user}", f"account={name}", f"cluster={self.cluster}")
            self._change(name, words, lambda now: user in now.users)
        if users.get(user) == 0:
            self._admit(name, user, NONE)

    def drop_member(self, name: str, user: str) -> None:
        """Slurm deletes nobody whose jobs run, and we nobody at all: it lets them submit none."""
        checked_name(user)
        if self._existing(name).users.get(user, 0) != 0:
            self._admit(name, user, 0)

    def set_limits(self, name: str, limits: Mapping[str, int]) -> None:
        wanted = dict(checked_limits(limits))

        def reached(now: _Association) -> bool:
            return {tres: now.limits.get(tres) for tres in wanted} == wanted

        if not reached(self._existing(name)):
            listed = ",".join(f"{tres}={minutes}" for tres, minutes in sorted(wanted.items()))
            self._set(name, {"GrpTRESMins": listed}, reached)

    def set_service(self, name: str, *, priority: str, max_jobs: int | None) -> None:
        checked_service(priority, max_jobs)
        wanted = LOW if priority == "low" else None
        values = {"Priority": _limit(wanted), "MaxJobs": _limit(max_jobs)}
        before = self._existing(name)
        if not before.closed:
            values["GrpJobs"] = _limit(max_jobs)

        def reached(now: _Association) -> bool:
            jobs = {now.max_jobs} if now.closed else {now.max_jobs, now.grp_jobs}
            low = now.priority == LOW
            return low == (priority == "low") and jobs == {max_jobs}

        if not reached(before):
            self._set(name, values, reached)

    def close(self, name: str) -> None:
        if not self._existing(name).closed:
            self._set(name, {"GrpJobs": 0, "GrpSubmitJobs": 0}, lambda now: now.closed)

    def reopen(self, name: str) -> None:
        before = self._existing(name)
        values = {"GrpJobs": _limit(before.max_jobs), "GrpSubmitJobs": NONE}

        def reached(now: _Association) -> bool:
            return now.grp_submit is None and now.grp_jobs == before.max_jobs

        if not reached(before):
            self._set(name, values, reached)

    # How

    def _admit(self, name: str, user: str, jobs: int) -> None:
        where = ("where", f"name={user}", f"account={name}", f"cluster={self.cluster}")
        words = ("modify", "user", *where, "set", f"MaxJobs={jobs}", f"MaxSubmitJobs={jobs}")
        submit = None if jobs == NONE else jobs
        self._change(name, words, lambda now: now.users.get(user, NONE) == submit)

    def _set(
        self,
        name: str,
        values: Mapping[str, int | str],
        reached: Callable[[_Association], bool],
    ) -> None:
        """An empty filter would change every account: there is no way here without a name."""
        where = ("where", f"name={checked_name(name)}", f"cluster={self.cluster}")
        pairs = [f"{key}={value}" for key, value in values.items()]
        self._change(name, ("modify", "account", *where, "set", *pairs), reached)

    def _change(
        self, name: str, words: Sequence[str], reached: Callable[[_Association], bool]
    ) -> None:
        answer = self.client.ask(*CHANGE, *words)
        now = self._find(name)
        if now is None or not reached(now):
            there = now.account if now else "no such account"
            raise ClusterError(
                f"{self.cluster}: asked for {' '.join(words)}; there is {there}. "
                f"sacctmgr said: {answer.said}"
            )

    def _existing(self, name: str) -> _Association:
        found = self._find(name)
        if found is None:
            raise ClusterError(f"there is no account {name}")
        return found

    def _find(self, name: str) -> _Association | None:
        return self._read(f"account={checked_name(name)}").get(name)

    def _read(self, *where: str) -> dict[str, _Association]:
        """WOPLimits: what an association has of its own, without what it inherits."""
        wanted = f"format={','.join(FIELDS)}"
        words = (*SHOW, f"cluster={self.cluster}", *where, "WOPLimits", wanted)
        found: dict[str, _Association] = {}
        for line in self.client.read(*words).splitlines():
            try:
                _take(found, line)
            except ValueError as error:
                raise ClusterError(
                    f"{self.cluster}: sacctmgr show assoc printed {line[:200]!r}"
                ) from error
        return found


def _take(found: dict[str, _Association], line: str) -> None:
    """Add one line. A user's association with one partition is the centre's, and left out."""
    values = line.split("|")
    row = dict(zip(FIELDS, values, strict=True))
    name = row["Account"]
    if not name:
        raise ValueError(line)
    account = found.setdefault(name, _Association(name))
    if row["User"]:
        if not row["Partition"]:
            account.users[row["User"]] = _number(row["MaxSubmitJobs"])
        return
    account.parent = row["ParentName"]
    account.limits = _limits(row["GrpTRESMins"])
    account.grp_jobs = _number(row["GrpJobs"])
    account.grp_submit = _number(row["GrpSubmitJobs"])
    account.max_jobs = _number(row["MaxJobs"])
    account.priority = _number(row["Priority"])


def _job(line: str) -> WaitingJob:
    """One line of QUEUE. The reason comes last, for it may have a slash."""
    job, user, account, at, reason = line.split("/", 4)
    return WaitingJob(job, user, account, datetime.fromtimestamp(int(at), UTC), reason)


def _portions(names: Iterable[str]) -> Iterable[list[str]]:
    rest = iter(names)
    while some := list(islice(rest, AT_ONCE)):
        yield some


def _limits(text: str) -> dict[str, int]:
    pairs = (pair.partition("=") for pair in text.split(",") if pair)
    return {tres: int(minutes) for tres, _, minutes in pairs}


def _number(text: str) -> int | None:
    return int(text) if text else None


def _limit(number: int | None) -> int:
    return NONE if number is None else number
