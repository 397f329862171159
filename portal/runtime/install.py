"""Make .venv from the pinned requirements. Run by the system's Python, before anything exists.

    python3 portal/runtime/install.py [--dev]

Does nothing when the environment already matches. One that was left half made is made whole.
"""

import argparse
import fcntl
import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
UV = "uv==0.13.9"
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
OLDEST = (3, 11)


def main() -> int:
    parser = argparse.ArgumentParser(description="Make .venv from the pinned requirements.")
    parser.add_argument("--dev", action="store_true", help="with what the tests need")
    wanted = parser.parse_args()
    if sys.version_info < OLDEST:
        return _refuse(f"Python {OLDEST[0]}.{OLDEST[1]} or later is needed; {_version()} is this.")
    with (ROOT / "requirements.txt").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two terminals may start at once
        return _install(dev=wanted.dev)


def _install(*, dev: bool) -> int:
    stamp = VENV / "installed.stamp"
    have = stamp.read_text().split() if stamp.exists() else []
    dev = dev or "dev" in have
    files = [ROOT / "requirements.txt"] + ([ROOT / "requirements-dev.txt"] if dev else [])
    want = ["dev" if dev else "run", _fingerprint(files)]
    works = _python_works()
    if works and have == want:
        return 0
    started = time.monotonic()
    print("  installing the pinned packages into .venv", flush=True)
    stamp.unlink(missing_ok=True)
    if not works and (failed := _make_venv()):
        return failed
    if failed := _sync(files):
        return failed
    stamp.write_text(" ".join(want))
    print(f"  installed in {time.monotonic() - started:.0f} s", flush=True)
    return 0


def _make_venv() -> int:
    if _call([sys.executable, "-m", "venv", "--clear", str(VENV)]):
        return _refuse("Making .venv failed. On Debian, install python3-venv first.")
    return 0


def _sync(files: list[Path]) -> int:
    """uv in seconds; pip, a minute slower, where uv cannot reach what pip can."""
    python = str(VENV / "bin" / "python")
    names = [str(file) for file in files]
    pip = [python, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    uv = VENV / "bin" / "uv"
    _call([*pip, UV])
    if uv.exists() and not _call([*_uv_sync(uv), "--python", python, *names]):
        return 0
    print("  uv could not install them; trying pip", flush=True)
    listed = [part for name in names for part in ("-r", name)]
    if _call([*pip, "--require-hashes", *listed]):
        return _refuse("Installing the packages failed; the lines above say why.")
    return 0


def _uv_sync(uv: Path) -> list[str]:
    """uv brings its own certificates; a closed network's index is signed by the system's."""
    talk = [] if sys.stderr.isatty() else ["--quiet"]
    trust = ["--system-certs"] if CERTIFICATES.exists() else []
    return [str(uv), "pip", "sync", *talk, *trust]


def _call(argv: list[str]) -> int:
    return subprocess.run(argv, check=False).returncode


def _python_works() -> bool:
    python = VENV / "bin" / "python"
    return python.exists() and _call([str(python), "-c", "import pip"]) == 0


def _fingerprint(files: list[Path]) -> str:
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()[:32]


def _version() -> str:
    return ".".join(str(part) for part in sys.version_info[:3])


def _refuse(why: str) -> int:
    print(why, file=sys.stderr)
    return 1


if __name__ == "__main__":
    os.chdir(ROOT)
    sys.exit(main())
