"""docs/runbooks/slurm_gate.py: what the portal's key may do at a centre, and what it may not."""

import contextlib
import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from compute_grants.backends import ClusterError
from compute_grants.backends.slurm import SlurmBackend
from compute_grants.backends.slurm_client import Answer

SCRIPT = Path(settings.BASE_DIR) / "docs" / "runbooks" / "slurm_gate.py"
BEFORE = "env TZ=UTC SLURM_TIME_FORMAT=%s "
CHANGE = f"{BEFORE}sacctmgr -i -Q "
AT = "cluster=aircl"


@pytest.fixture(scope="module")
def gate():
    spec = importlib.util.spec_from_file_location("slurm_gate", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


ALLOWED = [
    (
        f"{CHANGE}add account name=ncc2026_0001 parent=consortium {AT} description=NCC-2026-0001"
        " organization=portal"
    ),
    f"{CHANGE}modify account where name=ncc2026_0001 {AT} set GrpTRESMins=cpu=5,gres/gpu:h100=7",
    f"{BEFORE}sacct -X --duplicates --allusers --parsable2 --noconvert -S uts1795486199",
    f"{BEFORE}scontrol -o show assoc_mgr",
]


@pytest.mark.parametrize("command", ALLOWED)
def test_the_portals_own_commands_pass(gate, command):
    assert gate.allowed(command, "aircl") == command.removeprefix(BEFORE).split()


MODIFY = f"{CHANGE}modify account where name=ncc2026_0001 {AT} set"


@pytest.mark.parametrize(
    "command",
    [
        "",
        "sh",
        "sacctmgr -nP show assoc",
        f"{BEFORE}sh -c id",
        f"{BEFORE}scancel 1",
        f"{BEFORE}scontrol shutdown",
        f"{BEFORE}scontrol update nodename=n1 state=down",
        f"{BEFORE}sacct -f /etc/shadow",
        f"{BEFORE}sacctmgr dump aircl File=/tmp/x",
        f"{CHANGE}delete account where name=ncc2026_0001 {AT}",
        f"{CHANGE}remove user where name=alice account=ncc2026_0001 {AT}",
        f"{CHANGE}add user name=alice account=ncc2026_0001 {AT} adminlevel=Admin",
        f"{CHANGE}add account name=ncc2026_0001 parent=root {AT} description=x organization=portal",
        # filters that mean everybody, or somebody else
        f"{CHANGE}modify account set GrpJobs=0",
        f"{CHANGE}modify account where {AT} set GrpJobs=0",
        f"{CHANGE}modify account where name= {AT} set GrpJobs=0",
        f"{CHANGE}modify account where name=ncc2026_0001 set GrpJobs=0",
        f"{CHANGE}modify account where name=ncc2026_0001 cluster= set GrpJobs=0",
        f"{CHANGE}modify account where name=ncc2026_0001,root {AT} set GrpJobs=0",
        f"{CHANGE}modify account where name=root {AT} set GrpJobs=0",
        f"{CHANGE}modify account where name=ncc2026_0001 cluster=other set GrpJobs=0",
        f"{CHANGE}modify user where name=alice {AT} set MaxJobs=0 MaxSubmitJobs=0",
        f"{CHANGE}modify user where name=alice account=ncc2026_0001 {AT} set adminlevel=Admin",
        # values
        f"{MODIFY} GrpTRESMins=cpu=-1",
        f"{MODIFY} parent=root",
        f"{MODIFY} RawUsage=0",
        f"{MODIFY} GrpJobs=1.5",
        # what a shell would make more of
        f"{MODIFY} GrpJobs=0; id",
        f"{MODIFY} GrpJobs=0 && id",
        f"{MODIFY} GrpJobs=0\nid",
        f"{MODIFY} GrpJobs=0\n",
        f"{MODIFY} GrpJobs=$(id)",
        f"{MODIFY} GrpJobs=0 | cat",
        f"{MODIFY} GrpJobs=0 > /tmp/x",
        f"{MODIFY}  GrpJobs=0",
        f"id; {MODIFY} GrpJobs=0",
        "env LD_PRELOAD=/tmp/x.so TZ=UTC SLURM_TIME_FORMAT=%s sacct",
    ],
)
def test_everything_else_is_refused(gate, command):
    assert gate.allowed(command, "aircl") is None


def test_a_refusal_runs_nothing_and_says_so():
    done = subprocess.run(
        [sys.executable, SCRIPT, "--cluster", "aircl"],
        env={"SSH_ORIGINAL_COMMAND": f"{BEFORE}sacctmgr -i delete account name=x"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 126
    assert "not allowed" in done.stderr
    assert done.stdout == ""


class Recorder:
    """Stands for the client: notes what is sent, and shows one account with two users."""

    def __init__(self, account: str, state: str) -> None:
        self.sent: list[str] = []
        self.shown = (
            f"{account}|consortium|||{state}\n{account}||bob||||||0|\n{account}||eve|||||||"
        )

    def ask(self, *argv: str) -> Answer:
        self.sent.append(" ".join(argv))
        return Answer(0, "", "")

    def read(self, *argv: str) -> str:
        self.sent.append(" ".join(argv))
        return self.shown


@pytest.mark.parametrize("state", ["|||||", "0|0||3||0"])
def test_every_command_that_the_adapter_sends_passes(gate, state):
    account = "ncc2026_0001"
    backend = SlurmBackend("aircl", [], 1)
    backend.client = recorder = Recorder(account, state)
    for act in (
        backend.snapshot,
        lambda: backend.ensure_account("ncc2026_0002", parent="consortium", description="NCC-1"),
        *(lambda user=user: backend.ensure_member(account, user) for user in ("alice", "bob")),
        lambda: backend.drop_member(account, "eve"),
        lambda: backend.set_limits(account, {"cpu": 5, "gres/gpu:h100": 10**15}),
        lambda: backend.set_service(account, priority="low", max_jobs=2),
        lambda: backend.set_service(account, priority="normal", max_jobs=None),
        backend.default_accounts,
        backend.used_minutes,
        lambda: backend.known_users(["alice", "bob"]),
        lambda: backend.waiting_jobs([account, "ncc2026_0002"]),
        lambda: backend.close(account),
        lambda: backend.reopen(account),
    ):
        with contextlib.suppress(ClusterError):  # what is read back never changes
            act()
    assert sum(" modify " in command or " add " in command for command in recorder.sent) >= 7
    refused = [c for c in recorder.sent if gate.allowed(f"{BEFORE}{c}", "aircl") is None]
    assert refused == []


@pytest.mark.slurm
def test_the_adapter_works_through_the_gate(slurm_plan, tmp_path, account):
    """As by ssh: the words joined by spaces into one variable, and the gate run on it."""
    door = tmp_path / "door"
    door.write_text(
        f'#!/bin/sh\nSLURM_CONF={slurm_plan.conf} SSH_ORIGINAL_COMMAND="$*" exec {sys.executable}'
        f" {SCRIPT} --cluster {slurm_plan.name} --accounts 'grant_[0-9]+'\n"
    )
    door.chmod(0o700)
    backend = SlurmBackend(slurm_plan.name, [str(door)], 20)
    backend.set_limits(account, {"cpu": 5, "gres/gpu": 60})
    assert backend.account(account).limits == {"cpu": 5, "gres/gpu": 60}
    with pytest.raises(ClusterError, match="not allowed"):
        backend.close("consortium")
