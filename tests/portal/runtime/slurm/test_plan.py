"""What the cluster is asked to be, and the configuration that says it."""

import socket
import struct
from pathlib import Path

import pytest

from portal.runtime.errors import Refusal
from portal.runtime.slurm import cluster, energy, machine, texts
from portal.runtime.slurm.daemons import noted
from portal.runtime.slurm.plan import Plan, free_ports, port_is_free

PLAN = Plan(folder=Path("/srv/slurm"), first_port=40000, nodes=3, name="aircl")


def lines(text: str) -> dict[str, str]:
    pairs = (line.partition("=") for line in text.splitlines() if line[:1] not in {"", "#"})
    return {name: value for name, _, value in pairs}


def test_limits_are_budgets():
    conf = lines(texts.slurm_conf(PLAN, "here"))
    assert conf["PriorityDecayHalfLife"] == "0"
    assert conf["PriorityUsageResetPeriod"] == "NONE"
    assert conf["AccountingStorageEnforce"] == "associations,limits,qos,safe"
    assert conf["AccountingStorageTRES"] == "gres/gpu,gres/gpu:h100,energy"
    assert conf["AccountingStoreFlags"] == "job_comment"


def test_nothing_listens_beyond_this_machine():
    conf, accounting = lines(texts.slurm_conf(PLAN, "here")), lines(texts.slurmdbd_conf(PLAN))
    assert conf["SlurmctldHost"] == "here(127.0.0.1)"
    assert conf["CommunicationParameters"] == "NoInAddrAny,NoCtldInAddrAny"
    assert accounting["CommunicationParameters"] == "NoInAddrAny"
    assert "--skip-networking" in texts.mariadb_options(PLAN)


def test_each_daemon_has_a_port_of_its_own():
    conf, accounting = lines(texts.slurm_conf(PLAN, "here")), lines(texts.slurmdbd_conf(PLAN))
    assert accounting["DbdPort"] == conf["AccountingStoragePort"] == "40000"
    assert conf["SlurmctldPort"] == "40001"
    assert "Port=[40002-40004] " in conf["NodeName"]
    assert conf["NodeName"].startswith("n[1-3] NodeHostname=here ")


def test_energy_is_counted_only_when_asked_for():
    assert "acct_gather_energy/none" in texts.slurm_conf(PLAN, "here")
    plan = Plan(folder=Path("/srv/slurm"), energy=True)
    assert "acct_gather_energy/rapl" in texts.slurm_conf(plan, "here")


def test_everything_lies_in_the_one_folder():
    for text in (texts.slurm_conf(PLAN, "here"), texts.slurmdbd_conf(PLAN), texts.gres_conf(PLAN)):
        paths = [word for word in text.replace("=", " ").split() if word.startswith("/")]
        assert paths
        assert [path for path in paths if not path.startswith("/srv/slurm/")] == []


def test_the_environment_is_read():
    plan = Plan.read({"PORTAL_SLURM_DIR": "/srv/x", "PORTAL_SLURM_NODES": "7"})
    assert (plan.folder, plan.nodes, plan.first_port) == (Path("/srv/x"), 7, 36800)


@pytest.mark.parametrize(
    ("environ", "says"),
    [
        ({"PORTAL_SLURM_DIR": "here"}, "absolute"),
        ({"PORTAL_SLURM_DIR": "/" + "x" * 80}, "too long"),
        ({"PORTAL_SLURM_PORT": "80"}, "1024 to 65000"),
        ({"PORTAL_SLURM_NODES": "many"}, "1 to 32"),
        ({"PORTAL_SLURM_CLUSTER": "My Cluster"}, "no name"),
    ],
)
def test_what_cannot_be_is_refused(environ, says):
    with pytest.raises(Refusal, match=says):
        Plan.read(environ)


def test_the_longest_folder_leaves_room_for_its_sockets():
    plan = Plan(folder=Path("/" + "x" * 79))
    plan.check()
    for path in (plan.munge_socket, plan.sql_socket):
        assert len(str(path)) < 108


def test_ports_in_a_row_are_free():
    first = free_ports(4)
    assert all(port_is_free(first + step) for step in range(4))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", first + 2))
        taken.listen()
        assert not port_is_free(first + 2)
        assert free_ports(4) != first


def test_an_ordinary_user_is_told_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with pytest.raises(Refusal, match="sudo make slurm-up"):
        cluster.up(Plan(folder=tmp_path))


def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr(machine, "missing", lambda: ["slurmctld"])
    assert "slurmctld" in machine.why_not()
    assert "system-packages.sh" in machine.why_not()


def test_a_folder_of_other_things_is_left_alone(tmp_path):
    (tmp_path / "thesis").touch()
    with pytest.raises(Refusal, match="something else"):
        machine.make_folders(Plan(folder=tmp_path))
    assert cluster.down(Plan(folder=tmp_path), wipe=True) == []
    assert [path.name for path in tmp_path.iterdir()] == ["thesis"]


def test_a_pid_that_is_somebody_elses_by_now_is_not_ours(tmp_path):
    note = tmp_path / "x.started"
    started = Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19]
    pid = int(Path("/proc/self").resolve().name)
    note.write_text(f"{pid} {started}\n")
    assert noted(note) == pid
    note.write_text(f"{pid} {int(started) + 1}\n")
    assert noted(note) is None


def test_the_counter_starts_where_slurm_takes_it_for_one(tmp_path):
    devices = tmp_path / "cpu"
    assert energy.possible(devices)
    path = energy.make(devices)[0]
    content = path.read_bytes()
    assert struct.unpack_from("<Q", content, energy.UNIT) == (1,)
    assert struct.unpack_from("<I", content, energy.PACKAGE)[0] > 0


def test_a_folder_below_a_closed_one_is_refused_before_anything_is_made(tmp_path):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(Refusal, match="closed to other users"):
        machine.make_folders(Plan(folder=closed / "slurm"))
    assert list(closed.iterdir()) == []
