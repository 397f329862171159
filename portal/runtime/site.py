"""The portal's own processes and the steps before them. What they do is the site's business."""

import hashlib
import http.client
import json
import os
import signal
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import psycopg

from .config import HOST, ROOT, Config
from .errors import Refusal
from .interrupt import pause
from .process import PYTHON, Child
from .supervisor import Service

CELERY = [PYTHON, "-m", "celery", "-A", "portal"]


def web(config: Config, env: Mapping[str, str]) -> Service:
    def start() -> Child:
        return _started(
            Child(
                name="web",
                argv=[
                    *(PYTHON, "-m", "granian", "--interface", "asgi", "portal.asgi:application"),
                    *("--host", HOST, "--port", str(config.port), "--no-ws"),
                    *("--workers", str(config.web_workers), "--workers-kill-timeout", "5"),
                ],
                env=env,
                log=config.logs / "web.log",
            )
        )

    return Service("web", start)


def worker(config: Config, env: Mapping[str, str]) -> Service:
    def start() -> Child:
        return _started(
            Child(
                name="worker",
                argv=[
                    *(*CELERY, "worker", "--concurrency", "2", "--loglevel", "INFO"),
                    *("--without-gossip", "--without-mingle"),
                ],
                env=env,
                log=config.logs / "worker.log",
                # Without us its servers are gone: drop the task, which is delivered again. Celery
                # minds no other signal while it waits for a broker, which it does for an hour.
                orphan_signal=signal.SIGKILL,
            )
        )

    return Service("worker", start)


def beat(config: Config, env: Mapping[str, str]) -> Service:
    schedule = config.state / "beat"

    def start() -> Child:
        schedule.mkdir(mode=0o700, exist_ok=True)
        return _started(
            Child(
                name="beat",
                argv=[*CELERY, "beat", "--pidfile=", f"--schedule={schedule / 'schedule'}"],
                env=env,
                log=config.logs / "beat.log",
            )
        )

    return Service("beat", start)


def _started(child: Child) -> Child:
    child.start()
    return child


def step(config: Config, env: Mapping[str, str], *command: str) -> Child:
    """`manage.py command`, started; see `finish`."""
    return _started(
        Child(
            name=f"manage.py {command[0]}",
            argv=[PYTHON, "manage.py", *command],
            env=env,
            log=config.logs / f"{command[0]}.log",
            orphan_signal=signal.SIGKILL,  # each is one transaction or repeatable
        )
    )


def finish(child: Child) -> None:
    """Wait for it. Raises Refusal with its last words when it fails."""
    while (code := child.exit_code()) is None:
        pause(0.02)
    if code:
        raise Refusal(f"{child.name} failed with code {code}:\n{child.last_words(20)}")


def answers(config: Config) -> bool:
    """Whether the web server answers at all; /healthz itself names what is not yet up."""
    link = http.client.HTTPConnection(HOST, config.port, timeout=10)
    try:
        link.request("GET", "/healthz")
        link.getresponse()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        link.close()
    return True


def wait_for_web(config: Config, service: Service, seconds: float = 60) -> None:
    """Raises Refusal with the log's last lines when it ends or stays silent."""
    deadline = time.monotonic() + seconds
    assert service.child
    while not answers(config):
        if service.child.exit_code() is not None or time.monotonic() > deadline:
            raise Refusal(f"The web server does not answer:\n{service.child.last_words(20)}")
        pause(0.05)


class Stamps:
    """What was done already, so that a second start need not do it again."""

    def __init__(self, config: Config) -> None:
        self.path = config.state / "stamps.json"

    def __contains__(self, item: tuple[str, str]) -> bool:
        name, value = item
        return self._read().get(name) == value

    def set(self, name: str, value: str) -> None:
        draft = self.path.with_suffix(".draft")
        draft.write_text(json.dumps(self._read() | {name: value}))
        draft.replace(self.path)

    def _read(self) -> dict[str, str]:
        try:
            stamps: dict[str, str] = json.loads(self.path.read_text())
        except (OSError, ValueError):  # absent, or torn by a power cut: do the steps again
            return {}
        return stamps


def static_fingerprint(config: Config) -> str:
    """Changes when a static file of ours does, or a package that may bring some."""
    digest = hashlib.sha256((ROOT / "requirements.txt").read_bytes())
    for path in _static_files():
        found = path.stat()
        digest.update(f"{path} {found.st_size} {found.st_mtime_ns}\n".encode())
    collected = config.state / "static"
    return f"{digest.hexdigest()[:32]} {collected.exists()}"


def _static_files() -> Iterator[Path]:
    for top in sorted([ROOT / "static", *ROOT.glob("*/static")]):
        for folder, _, names in sorted(os.walk(top)):
            for name in sorted(names):
                yield Path(folder) / name


def migrations_fingerprint(url: str) -> str:
    """Changes when a migration does, or when the database is another or was put back in time."""
    digest = hashlib.sha256((ROOT / "requirements.txt").read_bytes())
    for path in sorted(ROOT.glob("*/migrations/*")):
        if path.is_file():
            digest.update(path.name.encode() + path.read_bytes())
    with psycopg.connect(url) as link:
        if link.execute("SELECT to_regclass('django_migrations')").fetchone() != (None,):
            for row in link.execute("SELECT app, name FROM django_migrations ORDER BY id"):
                digest.update(repr(row).encode())
    return f"{database_identity(url)} {digest.hexdigest()[:32]}"


def database_identity(url: str) -> str:
    """Names one database for good: another server, or one made anew, has another."""
    with psycopg.connect(url) as link:
        row = link.execute(
            "SELECT system_identifier::text, d.oid::text FROM pg_control_system(), "
            "pg_database d WHERE d.datname = current_database()"
        ).fetchone()
    return "/".join(str(part) for part in row or ())
