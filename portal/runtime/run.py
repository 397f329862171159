"""`make run`: from an empty folder to a served portal, until Ctrl-C."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self

from . import config as checks
from . import folders, interrupt, messages, mlflow_server, process, provision, site
from .config import Config
from .errors import Refusal
from .process import Child
from .servers import Servers
from .supervisor import Supervisor
from .terminal import Progress, complain, say

STEPS = 8
ROUND = 0.25


class Launcher:
    """One portal, from start to end. `with` makes sure that everything started is stopped."""

    def __init__(self, config: Config, steps: int = STEPS) -> None:
        self.config = config
        self.progress = Progress(steps)
        self.supervisor = Supervisor()
        self.background: list[Child] = []
        self.code = 0

    # -- beginning and end -------------------------------------------------------------------

    def __enter__(self) -> Self:
        interrupt.listen()
        folders.make(self.config)
        self.lock = folders.lock(self.config)
        if count := process.stop_leftovers(self.config.state):
            say(f"  ended {count} processes that an earlier start left behind")
        self.servers = Servers(self.config)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: object
    ) -> bool:
        interrupt.now_ending(again=self.supervisor.hurry)
        began = time.monotonic()
        names = [service.name for service in reversed(self.supervisor.services)]
        if isinstance(error, Refusal):
            complain(str(error))
            self.code = 1
        if names:
            say(f"  stopping {', '.join(names)}")
        for child in self.background:
            child.kill()
        self.supervisor.stop()
        self.lock.close()
        if names:
            say(f"  stopped in {time.monotonic() - began:.1f} s")
        return kind in {interrupt.Stop, Refusal}

    # -- servers -----------------------------------------------------------------------------

    def start_database(self) -> None:
        server = self.servers.postgres
        if not server:
            self.progress.step("PostgreSQL: the one DATABASE_URL names")
            return
        self.supervisor.add(self.servers.database_service())
        provision.provision(self.config, server)
        made = "made and started" if server.fresh else "started"
        self.progress.step(f"PostgreSQL {server.programs.version} {made}")

    def start_broker(self) -> None:
        service = self.supervisor.add(self.servers.broker_service())
        self.progress.step("broker started" if service else "broker: the one BROKER_URL names")

    def start_mlflow(self) -> None:
        """Started once, not waited for: it says when it answers."""
        service = self.servers.mlflow_service()
        if service and not self.supervisor.has(service.name):
            mlflow_server.upgrade_tables(
                self.config, self.servers.mlflow_database_url, self.servers.artifacts
            )
            self.supervisor.add(service)

    # -- the site ----------------------------------------------------------------------------

    def prepare_site(self) -> None:
        """Tables, static files, translations, content: each only when something changed."""
        stamps = site.Stamps(self.config)
        migrate = self._migrate(stamps)
        collect = self._collect(stamps)
        if migrate:  # a first start, or one after a change: MLflow has time to make its tables
            self.start_mlflow()
        compiled = messages.compile_all()
        self.progress.step(f"translations compiled ({compiled} changed)")
        if migrate:
            site.finish(migrate)
            stamps.set("tables", site.migrations_fingerprint(self.servers.owner_url))
        self.progress.step("tables migrated" if migrate else "tables unchanged")
        if collect:
            site.finish(collect)
            stamps.set("static", site.static_fingerprint(self.config))
        self.progress.step("static files collected" if collect else "static files unchanged")
        self._make_keys(stamps)
        self._load_content(stamps)
        self.background.clear()

    def _migrate(self, stamps: site.Stamps) -> Child | None:
        if ("tables", site.migrations_fingerprint(self.servers.owner_url)) in stamps:
            return None
        return self._in_background(self.servers.owner(os.environ), "migrate", "--no-input")

    def _collect(self, stamps: site.Stamps) -> Child | None:
        if ("static", site.static_fingerprint(self.config)) in stamps:
            return None
        env = self.servers.site(os.environ)
        return self._in_background(env, "collectstatic", "--no-input", "--clear")

    def _in_background(self, env: dict[str, str], *command: str) -> Child:
        child = site.step(self.config, env, *command)
        self.background.append(child)
        return child

    def _make_keys(self, stamps: site.Stamps) -> None:
        """The site's signing keys: again where the folder was emptied or the database is new."""
        folder = Path(os.environ.get("SIGNING_KEYS_DIR") or self.config.secrets / "signing")
        identity = site.database_identity(self.servers.database_url)
        if folder.exists() and ("keys", identity) in stamps:
            self.progress.step("signing keys unchanged")
            return
        site.finish(self._in_background(self.servers.site(os.environ), "init_keys"))
        stamps.set("keys", identity)
        self.progress.step("signing keys made")

    def _load_content(self, stamps: site.Stamps) -> None:
        """Once for each database: what people did to it since is theirs."""
        command, what = (
            ("load_demo", "demo consortium")
            if self.config.demo
            else (
                "create_admin",
                "administrator",
            )
        )
        identity = site.database_identity(self.servers.database_url)
        if (command, identity) in stamps:
            self.progress.step(f"{what} made before")
            return
        try:
            site.finish(self._in_background(self.servers.site(os.environ), command))
        except Refusal as refusal:  # the site may hold other content: serve that
            self.progress.step(f"{what} not made")
            complain(str(refusal))
            return
        stamps.set(command, identity)
        self.progress.step(f"{what} made")

    def serve(self) -> None:
        """The web server first and alone, the rest once it answers: two cores do not make five."""
        env = self.servers.site(os.environ)
        web = site.web(self.config, env)
        self.supervisor.add(web)
        site.wait_for_web(self.config, web)
        self.progress.step("web server started")
        self._say_where()
        self.supervisor.add(site.worker(self.config, env))
        self.supervisor.add(site.beat(self.config, env))
        self.start_mlflow()

    def _say_where(self) -> None:
        say()
        say(f"  serving {self.config.address} after {self.progress.seconds:.1f} s")
        logins = self.config.state / "logins.txt"
        if logins.exists():
            say()
            say(logins.read_text().rstrip())
        say()
        say(f"  state and logs: {_short(self.config.state)}    Ctrl-C stops everything")

    # -- until the end -----------------------------------------------------------------------

    def watch(self, until: Callable[[], bool] = lambda: False) -> None:
        while not until():
            for service in self.supervisor.look():
                say(f"  {service.name} answers after {self.progress.seconds:.1f} s")
            interrupt.pause(ROUND)


def run(config: Config) -> int:
    """Returns an exit code; raises Refusal before anything is started when something is amiss."""
    checks.check_disk(config)
    with Launcher(config) as launcher:
        checks.check_port(config)
        say("The portal starts")
        launcher.start_database()
        launcher.start_broker()
        launcher.prepare_site()
        launcher.serve()
        launcher.watch()
    return launcher.code


def services(config: Config) -> int:
    """PostgreSQL, broker and MLflow alone, for a site started by hand."""
    checks.check_disk(config)
    with Launcher(config, steps=2) as launcher:
        launcher.start_database()
        launcher.start_broker()
        launcher.start_mlflow()
        say('  in another terminal: eval "$(make env)"    Ctrl-C stops them')
        launcher.watch()
    return launcher.code


def _short(path: Path) -> str:
    """Relative where that is shorter to read."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
