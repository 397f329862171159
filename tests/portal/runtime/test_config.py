"""What is checked before anything starts, and said in words."""

import shutil
import socket
from types import SimpleNamespace

import pytest

from portal.runtime import config as checks
from portal.runtime import folders
from portal.runtime.config import Config
from portal.runtime.errors import Refusal


def test_a_taken_port_is_named_with_a_way_out(make_config):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(Refusal, match=f"Port {port} cannot be used .* make run PORT="):
            checks.check_port(make_config(PORT=str(port)))
    checks.check_port(make_config(PORT=str(port)))


def test_a_full_disk_is_named_before_anything_is_written(make_config, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=5_000_000))
    with pytest.raises(Refusal, match="Only 5 MB are free"):
        checks.check_disk(make_config())


@pytest.mark.parametrize("port", ["0", "65536", "eighty", "-1", "80.5"])
def test_a_port_that_is_none_is_refused(port):
    with pytest.raises(Refusal, match=r"PORT=.* is not a number from 1 to 65535"):
        Config.read({"PORT": port})


def test_a_second_start_on_the_same_state_says_who_holds_it(config):
    said = pytest.raises(Refusal, match=r"already runs on .*process \d+, http://127.0.0.1:8000")
    with folders.lock(config), said:
        folders.lock(config)
    folders.lock(config).close()


def test_two_states_do_not_share_anything_outside_them(make_config, tmp_path):
    one, two = make_config(tmp_path / "one"), make_config(tmp_path / "two")
    assert folders.sockets(one) != folders.sockets(two)


def test_a_secret_is_made_once_and_kept(config):
    first = folders.secret_text(config, "secret-key")
    assert len(first) >= 50
    assert folders.secret_text(config, "secret-key") == first


def test_a_state_folder_that_cannot_be_made_is_said(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(Refusal, match="cannot be made"):
        folders.make(Config.read({"PORTAL_STATE": str(tmp_path / "file" / "state")}))


def test_the_owner_of_the_tables_is_whom_the_url_names_when_there_is_one_url():
    given = Config.read({"DATABASE_URL": "postgresql://x@db/portal"})
    assert given.database_owner_url == "postgresql://x@db/portal"
    both = Config.read({"DATABASE_URL": "postgresql://x@db/p", "DATABASE_OWNER_URL": "postgresql:"})
    assert both.database_owner_url == "postgresql:"
