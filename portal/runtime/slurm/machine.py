"""What the cluster needs of the machine: programs, users, folders, files."""

import os
import pwd
import secrets
import shutil
import socket
import subprocess
from pathlib import Path

from portal.runtime.config import ROOT
from portal.runtime.errors import Refusal

from . import texts
from .plan import CARDS, Plan

PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
PROGRAMS = (
    *("munged", "mariadbd", "mariadb-install-db", "mariadb"),
    *("slurmdbd", "slurmctld", "slurmd", "sacctmgr", "sbatch"),
)
PLUGIN = "slurm-wlm/accounting_storage_mysql.so"
PACKAGES = ROOT / "portal" / "runtime" / "system-packages.sh"


def missing() -> list[str]:
    """Programs that are not installed."""
    found = [name for name in PROGRAMS if not shutil.which(name, path=PATH)]
    if not any(Path("/usr/lib").glob(f"*/{PLUGIN}")):
        found.append(Path(PLUGIN).name)
    return found


def why_not() -> str:
    """What stands in the way of a cluster on this machine and what to do; empty: nothing."""
    if os.geteuid() != 0:
        return "Slurm's daemons start jobs as other users, so this needs root: sudo make slurm-up."
    if lacks := missing():
        return f"Not installed: {', '.join(lacks)}. Run: sh portal/runtime/system-packages.sh slurm"
    return ""


def install() -> None:
    """Raises Refusal when not root, or when Debian's packages are missing and stay so."""
    if os.geteuid() == 0 and missing():
        subprocess.run(["/bin/sh", str(PACKAGES), "slurm"], check=False)
    if reason := why_not():
        raise Refusal(reason)


def make_users(plan: Plan) -> None:
    for name in (plan.service, *plan.users):
        try:
            pwd.getpwnam(name)
        except KeyError:
            _run("useradd", "--no-create-home", "--shell", "/bin/sh", name)


def make_folders(plan: Plan) -> None:
    """Raises Refusal where the folder is somebody else's or closed to other users."""
    if plan.folder.exists():
        _check_ours(plan)
    _check_open(plan)
    plan.folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    plan.mark.touch()
    plan.folder.chmod(0o755)
    for name, user, mode in (
        ("etc", "root", 0o755),
        ("run", "slurm", 0o755),
        ("log", "slurm", 0o755),
        ("state", "slurm", 0o700),
        ("sql", "slurm", 0o700),
        ("munge", "munge", 0o755),
        ("spool", "root", 0o755),
        ("cards", "root", 0o755),
        ("jobs", "root", 0o1777),  # where people's output goes
    ):
        _folder(plan.folder / name, user, mode)
    for number in range(1, plan.nodes + 1):
        _folder(plan.folder / "spool" / f"n{number}", "root", 0o755)
    for number in range(CARDS):
        (plan.folder / "cards" / str(number)).touch()


def write_files(plan: Plan) -> None:
    host = socket.gethostname().partition(".")[0]
    _write(plan.conf, texts.slurm_conf(plan, host), "root", 0o644)
    _write(plan.etc / "gres.conf", texts.gres_conf(plan), "root", 0o644)
    _write(plan.etc / "slurmdbd.conf", texts.slurmdbd_conf(plan), "slurm", 0o600)
    _write(plan.etc / "init.sql", texts.init_sql(), "slurm", 0o600)
    _write(plan.folder / "env.sh", texts.env_sh(plan), "root", 0o644)
    key = plan.folder / "munge" / "key"
    if not key.exists():
        _write(key, secrets.token_bytes(1024), "munge", 0o400)


def make_database(plan: Plan) -> bool:
    """Whether MariaDB's folder had to be made; whole or not at all."""
    data = plan.folder / "sql"
    done = data / "made"
    if done.exists():
        return False
    shutil.rmtree(data)
    _folder(data, "slurm", 0o700)
    _run(
        "mariadb-install-db",
        "--no-defaults",
        "--user=slurm",
        f"--datadir={data}",
        "--skip-test-db",
        "--skip-name-resolve",
    )
    done.touch()
    return True


def _check_ours(plan: Plan) -> None:
    if plan.folder.is_symlink() or plan.folder.stat().st_uid != os.geteuid():
        raise Refusal(f"{plan.folder} belongs to somebody else; remove it or set PORTAL_SLURM_DIR.")
    if any(plan.folder.iterdir()) and not plan.mark.exists():
        raise Refusal(
            f"{plan.folder} holds something else than a cluster of slurm-up. Set PORTAL_SLURM_DIR "
            "to an empty folder, or to one that does not exist yet."
        )


def _check_open(plan: Plan) -> None:
    for folder in plan.folder.parents:
        if folder.exists() and not folder.stat().st_mode & 0o001:
            raise Refusal(
                f"{folder} is closed to other users, and Slurm's daemons are other users. "
                "Set PORTAL_SLURM_DIR to a folder that they can enter."
            )


def _folder(path: Path, user: str, mode: int) -> None:
    path.mkdir(exist_ok=True)
    who = pwd.getpwnam(user)
    os.chown(path, who.pw_uid, who.pw_gid)
    path.chmod(mode)


def _write(path: Path, content: str | bytes, user: str, mode: int) -> None:
    """Moved into place whole, with its owner and mode."""
    who = pwd.getpwnam(user)
    draft = path.with_name(f".{path.name}.new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content.encode() if isinstance(content, str) else content)
        os.fchown(file.fileno(), who.pw_uid, who.pw_gid)
        os.fchmod(file.fileno(), mode)
    draft.replace(path)


def _run(*argv: str) -> None:
    done = subprocess.run(argv, capture_output=True, check=False, stdin=subprocess.DEVNULL)
    if done.returncode:
        words = (done.stdout + done.stderr).decode(errors="replace").strip()
        raise Refusal(f"{argv[0]} failed:\n{words[-2000:]}")
