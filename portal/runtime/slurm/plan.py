"""What the cluster is to look like, read once from the environment."""

import os
import re
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from portal.runtime.config import HOST
from portal.runtime.errors import Refusal

LONGEST = 80  # characters of the folder: a unix socket's path holds 107
FIRST_PORT = 36800
NAME = re.compile(r"[a-z][a-z0-9_]{1,30}")
CORES, MEMORY_MB, CARDS = 32, 128_000, 4  # what each virtual node pretends to have


@dataclass(frozen=True)
class Plan:
    """One cluster: its folder, its ports, its nodes and its people."""

    folder: Path
    first_port: int = FIRST_PORT
    nodes: int = 4
    name: str = "trial"
    users: Sequence[str] = ("alice", "bob", "carol", "dave")
    service: str = "portalsvc"
    parent: str = "consortium"  # the account under which the portal makes its own
    energy: bool = False
    orphans: bool = True  # whether the daemons outlive whoever started them

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> "Plan":
        """Raises Refusal for a value that cannot be."""
        # Other users must be able to enter: the state folder of a portal is closed to them.
        folder = environ.get("PORTAL_SLURM_DIR") or "/tmp/portal-slurm"  # noqa: S108 - owner checked
        plan = cls(
            folder=Path(folder),
            first_port=_number(environ, "PORTAL_SLURM_PORT", FIRST_PORT, 1024, 65000),
            nodes=_number(environ, "PORTAL_SLURM_NODES", 4, 1, 32),
            name=environ.get("PORTAL_SLURM_CLUSTER") or "trial",
            energy=environ.get("PORTAL_SLURM_ENERGY", "0") in {"1", "true", "yes"},
        )
        plan.check()
        return plan

    def check(self) -> None:
        if not self.folder.is_absolute():
            raise Refusal(f"PORTAL_SLURM_DIR={self.folder} must be an absolute path.")
        if len(str(self.folder)) > LONGEST:
            raise Refusal(
                f"The path {self.folder} is too long for unix sockets: {LONGEST} characters at "
                "most. Set PORTAL_SLURM_DIR to a shorter one."
            )
        for name in (self.name, self.service, self.parent, *self.users):
            if not NAME.fullmatch(name):
                raise Refusal(
                    f"{name!r} is no name for a cluster, an account or a user: 2 to 31 "
                    "lower-case letters, digits or underscores, a letter first."
                )

    # Where things lie and listen.

    @property
    def mark(self) -> Path:
        """Says that the folder is ours to change, to lock and to remove."""
        return self.folder / "slurm-cluster"

    @property
    def etc(self) -> Path:
        return self.folder / "etc"

    @property
    def conf(self) -> Path:
        return self.etc / "slurm.conf"

    @property
    def run(self) -> Path:
        return self.folder / "run"

    @property
    def logs(self) -> Path:
        return self.folder / "log"

    @property
    def munge_socket(self) -> Path:
        return self.folder / "munge" / "socket"

    @property
    def sql_socket(self) -> Path:
        return self.run / "sql"

    @property
    def slurmdbd_port(self) -> int:
        return self.first_port

    @property
    def slurmctld_port(self) -> int:
        return self.first_port + 1

    @property
    def slurmd_ports(self) -> range:
        return range(self.first_port + 2, self.first_port + 2 + self.nodes)

    @property
    def environment(self) -> dict[str, str]:
        """What daemons and clients of this cluster run with."""
        return {
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            "LC_ALL": "C.UTF-8",
            "TZ": "UTC",
            "SLURM_CONF": str(self.conf),
            "MYSQL_UNIX_PORT": str(self.sql_socket),  # slurmdbd has no setting for it
        }

    def command_prefix(self, user: str) -> list[str]:
        """Puts an argv before it that runs as `user` against this cluster."""
        return ["runuser", "-u", user, "--", "env", f"SLURM_CONF={self.conf}"]


def free_ports(count: int) -> int:
    """The first of `count` ports in a row that nobody listens on now. Raises Refusal."""
    start = 20000 + os.getpid() * 37 % 12000  # below the range the kernel gives out
    first: int
    for first in (*range(start, 32000 - count, count), *range(20000, start, count)):
        if all(port_is_free(port) for port in range(first, first + count)):
            return first
    raise Refusal(f"No {count} ports in a row are free between 20000 and 32000.")


def port_is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def _number(environ: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    text = environ.get(name) or str(default)
    if not text.isdecimal() or not low <= int(text) <= high:
        raise Refusal(f"{name}={text} is not a number from {low} to {high}.")
    return int(text)
