"""What the portal asks of a cluster. Backends know their system and nothing of ours."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

NAME = re.compile(r"[a-z][a-z0-9_]{1,30}")


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


def checked_name(name: str) -> str:
    """`name`, if every cluster takes it literally.

    Slurm lower-cases names and reads commas as lists, and an empty name in a filter means
    everybody; so only ^[a-z][a-z0-9_]{1,30}$ passes. Raises ClusterError.
    """
    if NAME.fullmatch(name) is None:
        raise ClusterError(f"{name!r} is not a name that may be sent to a cluster")
    return name


class ClusterBackend(Protocol):
    """One cluster. Every call is safe to repeat and raises only ClusterError.

    There is no way to delete an account: deleting and making it again would reset what it
    has used, and so give its time away twice.
    """

    def account(self, name: str) -> ClusterAccount | None:
        """The account as it is now, or None."""

    def ensure_account(self, name: str, *, parent: str, description: str) -> None:
        """Make the account where it is missing; an existing one keeps its parent."""

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
