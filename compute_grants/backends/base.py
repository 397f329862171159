"""What the portal asks of a cluster. Backends know their system and nothing of ours."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import BinaryIO, Protocol

NAME = re.compile(r"[a-z][a-z0-9_]{1,30}")
TRES = re.compile(r"[a-z]+(/[a-z0-9_.-]+(:[a-z0-9_.-]+)?)?")
DESCRIPTION = re.compile(r"[A-Za-z0-9_./:-]{1,100}")
PRIORITIES = frozenset({"normal", "low"})
MOST_JOBS = 10**6
MOST_MINUTES = 10**15  # two billion years; Slurm takes larger ones for none at all


class ClusterError(Exception):
    """The cluster could not be reached, or refused. Trying again later may work."""


@dataclass(frozen=True, slots=True)
class ClusterAccount:
    """An account as the cluster has it. limits: whole minutes by TRES name, absolute.

    priority: "normal" or "low"; max_jobs: running at once, None for as many as the cluster takes.
    """

    name: str
    parent: str
    members: frozenset[str] = frozenset()
    limits: Mapping[str, int] = field(default_factory=dict)
    open: bool = True
    priority: str = "normal"
    max_jobs: int | None = None


@dataclass(frozen=True, slots=True)
class WaitingJob:
    """A job that has not started. job_id and reason are the cluster's own words."""

    job_id: str
    user: str
    account: str
    submitted_at: datetime
    reason: str


def checked_name(name: str) -> str:
    """`name`, if every cluster takes it literally.

    Slurm lower-cases names and reads commas as lists, and an empty name in a filter means
    everybody; so only ^[a-z][a-z0-9_]{1,30}$ passes. Raises ClusterError.
    """
    if NAME.fullmatch(name) is None:
        raise ClusterError(f"{name!r} is not a name that may be sent to a cluster")
    return name


def checked_description(text: str) -> str:
    """`text`, if no shell on the way to a cluster reads more into it. Raises ClusterError."""
    if DESCRIPTION.fullmatch(text) is None:
        raise ClusterError(f"{text!r} is not a description that may be sent to a cluster")
    return text


def checked_limits(limits: Mapping[str, int]) -> Mapping[str, int]:
    """`limits`, if they are whole minutes by names of TRES. Raises ClusterError."""
    for tres, minutes in limits.items():
        whole = isinstance(minutes, int) and not isinstance(minutes, bool)
        if not whole or not 0 <= minutes <= MOST_MINUTES or not TRES.fullmatch(tres):
            raise ClusterError(f"limits are whole minutes, from zero: not {tres!r} {minutes!r}")
    return limits


def checked_service(priority: str, max_jobs: int | None) -> None:
    """Raises ClusterError for what no cluster has."""
    whole = max_jobs is None or (type(max_jobs) is int and 0 <= max_jobs <= MOST_JOBS)
    if priority not in PRIORITIES or not whole:
        raise ClusterError(f"no service has priority {priority!r} and {max_jobs!r} jobs")


class ClusterBackend(Protocol):
    """One cluster. Every call is safe to repeat and raises only ClusterError.

    There is no way to delete an account: deleting and making it again would reset what it
    has used, and so give its time away twice.
    """

    def account(self, name: str) -> ClusterAccount | None:
        """The account as it is now, or None."""

    def ensure_account(self, name: str, *, parent: str, description: str) -> None:
        """Make the account where it is missing; an existing one keeps its parent.

        The parent is the centre's to make: an unknown one is refused.
        """

    def ensure_member(self, name: str, user: str) -> None:
        """Let `user` run jobs on the account."""

    def drop_member(self, name: str, user: str) -> None:
        """No longer; running jobs may end."""

    def set_limits(self, name: str, limits: Mapping[str, int]) -> None:
        """Set the cumulative minutes by TRES, as totals and never as increments."""

    def set_service(self, name: str, *, priority: str, max_jobs: int | None) -> None:
        """Set how jobs of the account are treated; absolute values."""

    def close(self, name: str) -> None:
        """Let running jobs end and no new ones start or queue."""

    def reopen(self, name: str) -> None:
        """Undo close."""

    def snapshot(self) -> dict[str, ClusterAccount]:
        """Every account by name, in one reading."""

    def default_accounts(self) -> dict[str, str]:
        """Which account a user's jobs go to without a word, by user; those who have one."""

    def used_minutes(self) -> dict[str, dict[str, int]]:
        """Whole minutes counted against the limits, by account and TRES, running jobs included."""

    def known_users(self, names: Collection[str]) -> frozenset[str]:
        """Those of `names` that are users of the machine itself, whatever accounts they have.

        A cluster that is given a user before the machine knows one remembers that for a while.
        """

    def waiting_jobs(self, accounts: Sequence[str]) -> list[WaitingJob]:
        """Jobs of these accounts that wait, with the reason; the first handed in first."""

    def fetch_jobs(self, since: datetime, until: datetime) -> BinaryIO:
        """`sacct --parsable2` of the jobs that overlap the window, header first, for the caller
        to close. It is whole: an export that was cut short or failed is a ClusterError."""
