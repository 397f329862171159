"""`make demo`: walk the whole chain against a running portal, starting one if none runs."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from portal.demo.walk import grants, licensing, research
from portal.demo.walk.cast import ROOT, Cast
from portal.demo.walk.report import NotAsItShould, Report, expect
from portal.runtime.config import Config
from portal.runtime.servers import Servers

START_SECONDS = 240
STOP_SECONDS = 30


def _ready(base: str) -> bool:
    """Whether the portal and all it leans on for the walk answer."""
    try:
        checks = httpx.get(f"{base}/healthz", timeout=5).json()["checks"]
    except (httpx.HTTPError, ValueError, KeyError):
        return False
    return all(checks[name]["ok"] for name in ("database", "broker", "mlflow", "artifacts"))


@contextmanager
def _portal(base: str) -> Iterator[None]:
    """The running portal, or one started for the walk and stopped after it."""
    if _ready(base):
        sys.stdout.write(f"The portal runs at {base}.\n")
        yield
        return
    sys.stdout.write(f"No portal answers at {base} yet; starting one.\n")
    sys.stdout.flush()
    argv = [sys.executable, "-m", "portal.runtime", "run", "--with-parent"]
    child = subprocess.Popen(argv, cwd=ROOT)
    try:
        until = time.monotonic() + START_SECONDS
        while not _ready(base):
            expect(time.monotonic() < until, f"no portal after {START_SECONDS} s")
            time.sleep(1)
        yield
    finally:
        if child.poll() is None:
            child.terminate()
            child.wait(STOP_SECONDS)


def _password(state: Path) -> str:
    logins = state / "logins.txt"
    expect(logins.exists(), f"{logins} is not there: this portal has no demo consortium")
    first = logins.read_text(encoding="utf-8").splitlines()[0]
    return first.partition(": ")[2]


def _walk(cast: Cast, folder: Path) -> None:
    report = Report()
    machine, call = grants.publish(cast, report)
    grant = grants.award(cast, report, machine, call)
    grant = grants.charge(cast, report, grant, folder)
    checkpoint = research.train(cast, report, grant, folder / "lab")
    released = research.release(cast, report, checkpoint, grant)
    research.download(cast, report, released, folder)
    licence = licensing.license_it(cast, report, released, folder)
    licensing.share(cast, report, licence)
    report.end()


def main() -> int:
    config = Config.read(os.environ)
    base = os.environ.get("PORTAL_BASE_URL", config.address)
    try:
        with _portal(base), tempfile.TemporaryDirectory() as folder:
            environment = Servers(config).site(os.environ)
            _walk(Cast(base, _password(config.state), environment), Path(folder))
    except (NotAsItShould, AssertionError, httpx.HTTPError) as error:
        sys.stderr.write(f"\nNot as it should be: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
