"""The embedded PostgreSQL: the wheel's programs, started our way.

The wheel's own Python API is not used: as root it adds users, opens folders and trusts everybody.
Here the server listens on a private unix socket only, asks for a scram password, keeps data
checksums, and as root runs under a user id that nobody else has.
"""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg

from . import folders, pg_programs
from .config import Config
from .errors import Refusal
from .interrupt import pause
from .pg_programs import Programs
from .process import MARK, Child, die_with_parent, tail

SUPERUSER = "postgres"
PATIENCE = 30  # seconds for recovery and for what a kill -9 left behind
BUILTIN_LOCALE = 17  # the first major version that needs no locale of the system's

SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "work_mem": "8MB",
    "maintenance_work_mem": "128MB",
    "max_wal_size": "2GB",
    "wal_compression": "on",
    "random_page_cost": "1.1",
    "jit": "off",  # our queries are short
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %q%u@%d ",
    "log_lock_waits": "on",
    "log_min_duration_statement": "2s",
    "log_checkpoints": "off",
}
# A test's data is thrown away: it need not survive a power cut (a kill -9 it does).
THROWAWAY_SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "log_min_duration_statement": "-1",
}


@dataclass(frozen=True)
class Owner:
    """Whom the server runs as. None when it is simply us."""

    uid: int | None

    @property
    def lowered(self) -> bool:
        return self.uid is not None

    def give(self, tree: Path) -> None:
        if self.uid is None:
            return
        for folder, _, files in os.walk(tree):
            os.chown(folder, self.uid, self.uid)
            for file in files:
                os.chown(Path(folder) / file, self.uid, self.uid, follow_symlinks=False)


class Postgres:
    """One data folder and the server on it. `start` repairs whatever an earlier end left."""

    def __init__(self, config: Config, programs: Programs | None = None) -> None:
        self.config = config
        self.programs = programs or pg_programs.find()
        self.data = config.state / "postgresql" / str(self.programs.major)
        self.sockets = folders.sockets(config) / "pg"
        self.log = config.logs / "postgresql.log"
        self.fresh = False  # whether this start made the data folder
        self.child: Child | None = None
        self._data_descriptor = -1

    # -- addresses ---------------------------------------------------------------------------

    def url(self, role: str, database: str, scheme: str = "postgresql") -> str:
        password = folders.secret_text(self.config, f"postgresql-{role}")
        return f"{scheme}://{role}:{password}@/{database}?host={self.sockets}"

    # -- starting ----------------------------------------------------------------------------

    def start(self) -> Child:
        """Start and wait until it answers. Raises Refusal with the log's last lines."""
        self._check_versions()
        owner = self._owner()
        self._make_sockets(owner)
        if not (self.data / "PG_VERSION").exists():
            self._init(owner)
        self._forget_dead_server()
        child = self._child(owner)
        deadline = time.monotonic() + PATIENCE
        while True:
            child.start()
            with child.unless_whole():
                if self._answers(child, deadline):
                    self.child = child
                    return child
            # After kill -9 the kernel frees the old server's shared memory a moment later.
            if time.monotonic() > deadline:
                raise Refusal(f"PostgreSQL does not start. Its last words:\n{tail(self.log, 15)}")
            pause(0.5)

    def _check_versions(self) -> None:
        home = self.data.parent
        others = sorted(p.name for p in home.glob("[0-9]*") if p.name.isdecimal())
        if others and self.data.name not in others:
            raise Refusal(
                f"{home} holds data of PostgreSQL {others[-1]}, but this is PostgreSQL "
                f"{self.data.name}. Dump it with the old version first; docs/runbooks/run.md "
                "says how."
            )

    def _owner(self) -> Owner:
        if os.geteuid() != 0:
            return Owner(None)
        if self.data.exists() and (uid := self.data.stat().st_uid):
            return Owner(uid)
        return Owner(_unused_uid(self.config.key))

    def _make_sockets(self, owner: Owner) -> None:
        self.sockets.mkdir(mode=0o700, exist_ok=True)
        if owner.uid is not None:
            os.chown(self.sockets, owner.uid, owner.uid)

    def _init(self, owner: Owner) -> None:
        """Make the data folder under another name; only a whole one gets its own."""
        home = self.data.parent
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        for half in home.glob("making-*"):
            _remove(half)
        draft = Path(tempfile.mkdtemp(prefix="making-", dir=home))
        # initdb insists on a user with a name; the server itself does not
        maker = Owner(pwd.getpwnam("nobody").pw_uid) if owner.lowered else owner
        maker.give(draft)
        self._run_initdb(draft, maker)
        owner.give(draft)
        draft.rename(self.data)
        self.fresh = True

    def _run_initdb(self, draft: Path, maker: Owner) -> None:
        with open_folder(draft) as descriptor, tempfile.TemporaryFile() as password:
            password.write(folders.secret_text(self.config, f"postgresql-{SUPERUSER}").encode())
            password.seek(0)
            if maker.uid is not None:
                os.fchown(password.fileno(), maker.uid, -1)
            made = subprocess.run(
                [
                    self.programs.initdb,
                    f"--pgdata={magic(descriptor, maker, draft)}",
                    f"--username={SUPERUSER}",
                    f"--pwfile=/dev/fd/{password.fileno()}",
                    "--auth=scram-sha-256",
                    "--encoding=UTF8",
                    "--data-checksums",
                    "--no-instructions",
                    *self._locale(),
                    *(["--no-sync"] if self.config.throwaway else []),
                ],
                env=self._env(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                pass_fds=[descriptor, password.fileno()],
                user=maker.uid,
                group=maker.uid,
                extra_groups=[] if maker.lowered else None,
                preexec_fn=die_with_parent(signal.SIGKILL),
                cwd="/",
                check=False,
            )
        if made.returncode:
            shutil.rmtree(draft, ignore_errors=True)
            words = made.stdout.decode(errors="replace")
            raise Refusal(f"PostgreSQL's data folder could not be made:\n{words}")

    def _locale(self) -> list[str]:
        if self.programs.major >= BUILTIN_LOCALE:
            return ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        return ["--locale=C.UTF-8"]

    def _env(self) -> dict[str, str]:
        return {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC", MARK: str(self.config.state)}

    def _child(self, owner: Owner) -> Child:
        settings = SETTINGS | {"unix_socket_directories": str(self.sockets)}
        if self.config.throwaway:
            settings |= THROWAWAY_SETTINGS
        if self._data_descriptor < 0:
            self._data_descriptor = os.open(self.data, os.O_PATH | os.O_DIRECTORY)
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        data = magic(self._data_descriptor, owner, self.data)
        return Child(
            name="PostgreSQL",
            argv=[self.programs.postgres, "-D", data, *options],
            env=self._env(),
            log=self.log,
            stop_signal=signal.SIGINT,  # "fast": ends sessions, keeps every commit
            stop_seconds=60,
            orphan_signal=signal.SIGINT,
            uid=owner.uid,
            gid=owner.uid,
            cwd=Path("/"),
            pass_fds=[self._data_descriptor],
        )

    def _answers(self, child: Child, deadline: float) -> bool:
        """Wait for it; False when it ended. A slow recovery is not hurried."""
        while child.exit_code() is None:
            try:
                with self.connect():
                    return True
            except psycopg.OperationalError as error:
                if "password authentication failed" in str(error):
                    raise Refusal(
                        f"The password in {self.config.secrets} is not that of {self.data}. "
                        "Restore the secrets folder that belongs to this data."
                    ) from error
                if time.monotonic() > deadline and "starting up" not in str(error):
                    raise Refusal(f"PostgreSQL does not answer: {error}") from error
            pause(0.05)
        return False

    def connect(self, database: str = "postgres") -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(self.url(SUPERUSER, database), autocommit=True, connect_timeout=5)

    # -- what an earlier end left ------------------------------------------------------------

    def _forget_dead_server(self) -> None:
        """We hold the state's lock: no server may run here. A pid file may name a stranger."""
        file = self.data / "postmaster.pid"
        if not file.exists():
            return
        pid = _first_number(file)
        if pid and self._serves_here(pid):
            self._end(pid)
        file.unlink(missing_ok=True)

    def _serves_here(self, pid: int) -> bool:
        try:
            return Path(f"/proc/{pid}/cwd").stat().st_ino == self.data.stat().st_ino
        except OSError:
            return False

    def _end(self, pid: int) -> None:
        deadline = time.monotonic() + PATIENCE
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGINT)
            while self._serves_here(pid):
                if time.monotonic() > deadline:
                    os.kill(pid, signal.SIGQUIT)
                time.sleep(0.1)


@contextlib.contextmanager
def open_folder(path: Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_PATH | os.O_DIRECTORY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def magic(descriptor: int, owner: Owner, path: Path) -> str:
    """The path by which a lowered server reaches its folder.

    The folders above it may be closed to the server's user (a repository below /root). We do not
    open them; the server gets the folder itself, already open, and the kernel's link to it.
    """
    return f"/proc/self/fd/{descriptor}" if owner.lowered else str(path)


def _unused_uid(key: str) -> int:
    """A user id without a name, of the range Debian leaves to be given out on the fly."""
    low, high = 61184, 64999
    first = int(key, 16) % (high - low)
    for step in range(high - low):
        uid = low + (first + step) % (high - low)
        try:
            pwd.getpwuid(uid)
        except KeyError:
            return uid
    raise Refusal("No unused user id is left for PostgreSQL; run the portal as an ordinary user.")


def _remove(half: Path) -> None:
    """A killed initdb's own child may write there for a moment longer."""
    deadline = time.monotonic() + PATIENCE
    while half.exists() and time.monotonic() < deadline:
        shutil.rmtree(half, ignore_errors=True)


def _first_number(file: Path) -> int:
    words = file.read_text(errors="replace").split()
    return int(words[0]) if words and words[0].isdecimal() else 0
