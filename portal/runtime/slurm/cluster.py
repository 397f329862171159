"""Bring the cluster up and down. Both may be repeated; what runs is left as it is."""

import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from portal.runtime.errors import Refusal
from portal.runtime.interrupt import pause

from . import energy, machine, texts
from .daemons import Daemon, noted, stop
from .plan import Plan, port_is_free

WATTS = "400"  # of a node that pretends to be larger than it is
READY = {"idle", "mixed", "allocated"}
STOP_SECONDS = {"mariadbd": 60.0}


def up(plan: Plan) -> list[str]:
    """Start what is missing; returns the names of what was. Raises Refusal."""
    plan.check()
    machine.install()
    machine.make_users(plan)
    machine.make_folders(plan)
    with locked(plan):
        machine.write_files(plan)
        started = [name for step in (_start_munge, _start_database) for name in step(plan)]
        clusters = ("sacctmgr", "-nP", "show", "cluster")
        started += _start(slurmdbd(plan), lambda: _says(plan, *clusters) is not None)
        _register(plan)
        started += _start_energy(plan)
        started += _start(slurmctld(plan), lambda: _says(plan, "scontrol", "ping"))
        for node in nodes(plan):
            started += [node.name] if node.start() else []
        _wait_for_nodes(plan)
    return started


def down(plan: Plan, *, wipe: bool = False) -> list[str]:
    """Stop what `up` started, jobs included; returns the names. Raises Refusal."""
    plan.check()
    if not plan.mark.exists():
        return []
    if os.geteuid() != 0:
        raise Refusal("The daemons are other users' processes; run this as root.")
    with locked(plan):
        _cancel_jobs(plan)
        stopped = []
        # Slurm's first, then what they stand on
        order = ["slurmd-", "slurmctld", "energy", "slurmdbd", "mariadbd", "munged"]
        for prefix in order:
            notes = sorted(plan.run.glob(f"{prefix}*.started"))
            stopped += [n.stem for n in notes if stop(n, STOP_SECONDS.get(n.stem, 20))]
            if prefix == "slurmd-":
                _end_steps(plan)
        if wipe:
            shutil.rmtree(plan.folder)
    return stopped


@contextlib.contextmanager
def locked(plan: Plan) -> Iterator[None]:
    """One up or down at a time. Raises Refusal at once when another works here."""
    with plan.mark.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Refusal(
                f"Another slurm-up or slurm-down works on {plan.folder}. Wait for it to end, or "
                "set PORTAL_SLURM_DIR and PORTAL_SLURM_PORT for a second cluster."
            ) from None
        yield


# The daemons, in the order in which they stand on each other.


def munged(plan: Plan) -> Daemon:
    home = plan.folder / "munge"
    argv = [
        "munged",
        "--foreground",
        f"--socket={plan.munge_socket}",
        f"--key-file={home / 'key'}",
        f"--pid-file={home / 'pid'}",
        f"--seed-file={home / 'seed'}",
        f"--log-file={home / 'log'}",
    ]
    return Daemon(plan, "munged", argv, user="munge")


def mariadbd(plan: Plan) -> Daemon:
    return Daemon(plan, "mariadbd", ["mariadbd", *texts.mariadb_options(plan)])


def slurmdbd(plan: Plan) -> Daemon:
    return Daemon(plan, "slurmdbd", ["slurmdbd", "-D"])


def slurmctld(plan: Plan) -> Daemon:
    return Daemon(plan, "slurmctld", ["slurmctld", "-D"])


def nodes(plan: Plan) -> list[Daemon]:
    return [
        Daemon(plan, f"slurmd-n{number}", ["slurmd", "-D", "-N", f"n{number}"], user="root")
        for number in range(1, plan.nodes + 1)
    ]


def _start_munge(plan: Plan) -> list[str]:
    daemon = munged(plan)
    if not daemon.pid():  # a socket left by a killed one stops the next
        for path in plan.munge_socket.parent.glob("socket*"):
            path.unlink()
    return _start(daemon, plan.munge_socket.is_socket)


def _start_database(plan: Plan) -> list[str]:
    daemon = mariadbd(plan)
    if daemon.pid():
        return []
    _check_ports(plan)
    machine.make_database(plan)
    ask = ("mariadb", "--no-defaults", f"--socket={plan.sql_socket}", "--user=slurm")
    return _start(daemon, lambda: bool(_says(plan, *ask, "slurm_acct_db", "-e", "SELECT 1")))


def _start(daemon: Daemon, answers: Callable[[], object]) -> list[str]:
    started = daemon.start()
    daemon.wait(answers)
    return [daemon.name] if started else []


def _start_energy(plan: Plan) -> list[str]:
    if not plan.energy:
        return []
    if not energy.possible():
        raise Refusal("This machine has counters of its own; set PORTAL_SLURM_ENERGY=0.")
    energy.make()
    program = [sys.executable, str(Path(energy.__file__)), WATTS]
    daemon = Daemon(plan, "energy", program, user="root")
    return [daemon.name] if daemon.start() else []


def _check_ports(plan: Plan) -> None:
    """Nothing of ours runs yet, so whoever listens there is somebody else."""
    running = [note for note in plan.run.glob("slurm*.started") if noted(note)]
    for port in (plan.slurmdbd_port, plan.slurmctld_port, *plan.slurmd_ports):
        if not running and not port_is_free(port):
            raise Refusal(
                f"Port {port} is taken by another program. Set PORTAL_SLURM_PORT to the first of "
                f"{plan.nodes + 2} free ones in a row."
            )


def _register(plan: Plan) -> None:
    """The cluster, the account under which the portal works, and the portal's own user."""
    show = ("sacctmgr", "-nP", "show")
    known = _list(plan, *show, "cluster", "format=cluster")
    change = ("sacctmgr", "-i", "-Q")
    if plan.name not in known:
        _do(plan, *change, "add", "cluster", plan.name)
    accounts = _list(plan, *show, "assoc", "where", f"cluster={plan.name}", "format=account")
    where = ("parent=root", f"cluster={plan.name}")
    for name in (plan.parent, plan.service):
        if name not in accounts:
            _do(plan, *change, "add", "account", name, *where, "description=portal")
    if plan.parent not in accounts:  # jobs of a grant under the rule on overuse get none of it
        _do(
            plan,
            *change,
            "modify",
            "account",
            "where",
            f"name={plan.parent}",
            f"cluster={plan.name}",
            "set",
            "priority=1000",
        )
    if "Operator" not in _list(plan, *show, "user", plan.service, "format=adminlevel"):
        home = (f"account={plan.service}", f"cluster={plan.name}")
        _do(plan, *change, "add", "user", plan.service, *home, "adminlevel=Operator")


def _wait_for_nodes(plan: Plan, seconds: float = 40) -> None:
    """A node that an earlier life left drained or down comes back."""
    for _ in range(int(seconds / 0.1)):
        lines = (_says(plan, "sinfo", "-hN", "-o", "%N %T") or "").splitlines()
        states = dict(line.split() for line in lines)
        if len(states) == plan.nodes and set(states.values()) <= READY:
            return
        for name, state in states.items():
            if state.startswith(("drain", "inval")):
                _says(plan, "scontrol", "update", f"nodename={name}", "state=resume")
        pause(0.1)
    raise Refusal(f"The nodes do not come up: {states}. Their logs are in {plan.logs}.")


def _cancel_jobs(plan: Plan) -> None:
    if not noted(plan.run / "slurmctld.started"):
        return
    for _ in range(50):
        jobs = (_says(plan, "squeue", "-h", "-o", "%A") or "").split()
        if not jobs:
            return
        _says(plan, "scancel", *sorted(set(jobs))[:500])
        pause(0.1)


def _end_steps(plan: Plan) -> None:
    """Steps that outlived their slurmd: those started with our configuration, and no others."""
    mark = f"SLURM_CONF={plan.conf}".encode()
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            ours = mark in (folder / "environ").read_bytes().split(b"\0")
            if ours and (folder / "comm").read_text().startswith("slurmstepd"):
                os.kill(int(folder.name), signal.SIGTERM)


def _says(plan: Plan, *argv: str) -> str | None:
    """What a client prints; None where it fails."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        done = _client(plan, argv)
        return None if done.returncode else done.stdout
    return None


def _list(plan: Plan, *argv: str) -> list[str]:
    """The lines that a client prints. Raises Refusal when it fails."""
    return _do(plan, *argv).splitlines()


def _do(plan: Plan, *argv: str) -> str:
    done = _client(plan, argv)
    if done.returncode:
        raise Refusal(f"{' '.join(argv)} failed:\n{(done.stdout + done.stderr).strip()}")
    return done.stdout


def _client(plan: Plan, argv: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
    user = "slurm" if argv[0] == "mariadb" else "root"
    return subprocess.run(
        argv,
        env=plan.environment,
        user=user,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
