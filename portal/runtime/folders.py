"""The state folder, the secrets in it, the lock on it, and the short folder for sockets."""

import fcntl
import os
import secrets
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import IO

from .config import Config
from .errors import Refusal


def make(config: Config) -> None:
    """The folders of one portal, closed to everybody else."""
    try:
        for folder in (config.state, config.logs, config.secrets):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise Refusal(f"The state folder cannot be made: {error}.") from error


def lock(config: Config) -> IO[str]:
    """Hold the state folder; keep the file open for as long. The kernel lets go when we die."""
    file = (config.state / "lock").open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        holder = file.read().strip() or "another process"
        file.close()
        raise Refusal(
            f"A portal already runs on {config.state} ({holder}). "
            "Stop it with Ctrl-C in its terminal, or set PORTAL_STATE and PORT for a second one."
        ) from None
    file.truncate(0)
    file.write(f"process {os.getpid()}, {config.address}\n")
    file.flush()
    return file


def secret(config: Config, name: str, make_one: Callable[[], str] | None = None) -> Path:
    """The file of a secret, made on first use; whole or absent, whatever kills us."""
    path = config.secrets / name
    if not path.exists():
        text = (make_one or _random)()
        descriptor, draft = tempfile.mkstemp(dir=config.secrets)  # mode 0600
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(draft).rename(path)
    return path


def secret_text(config: Config, name: str) -> str:
    return secret(config, name).read_text().strip()


def _random() -> str:
    return secrets.token_urlsafe(48)


def sockets(config: Config) -> Path:
    """A folder whose paths fit a socket address (107 bytes), however deep the state lies.

    The state keeps a link to it, so that every later command finds the same one.
    """
    link = config.state / "sockets"
    folder = link.readlink() if link.is_symlink() else _choose(config)
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except FileNotFoundError:  # the session's folder it was in has gone
        folder = _choose(config)
        folder.mkdir(mode=0o700, exist_ok=True)
    _check_ours(folder)
    if not link.is_symlink() or link.readlink() != folder:
        link.unlink(missing_ok=True)
        link.symlink_to(folder)
    return folder


def _choose(config: Config) -> Path:
    name = f"portal-{os.geteuid()}-{config.key}"
    session = Path(os.environ.get("XDG_RUNTIME_DIR", "/nonexistent"))
    usable = session.is_dir() and os.access(session, os.W_OK) and len(str(session)) < 40  # noqa: PLR2004
    # root's PostgreSQL runs as somebody else, who may not enter root's session folder
    return (session if usable and os.geteuid() else Path("/tmp")) / name  # noqa: S108 - checked below


def _check_ours(folder: Path) -> None:
    """The /tmp folder is everybody's: never trust a folder somebody else put there first."""
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        raise Refusal(f"{folder} belongs to somebody else; remove it, or ask its owner to.")
    # root's PostgreSQL, under another uid, passes through to a folder of its own
    folder.chmod(0o711 if os.geteuid() == 0 else 0o700)
