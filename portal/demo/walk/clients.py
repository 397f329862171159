"""Programs of the portal's users, run as they would: unmodified clients, nothing of the site's."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

SCRIPTS = Path(__file__).parents[1] / "clients"
LONGEST_SECONDS = 180
QUIET = {
    "LC_ALL": "C.UTF-8",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "GIT_PYTHON_REFRESH": "quiet",
}


def run_client(script: str, *args: str, home: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """Run one of portal/demo/clients with an empty home and nothing but `env`."""
    home.mkdir(exist_ok=True)
    return subprocess.run(
        [sys.executable, str(SCRIPTS / script), *args],
        env={"PATH": os.environ["PATH"], "HOME": str(home)} | QUIET | env,
        cwd=home,
        capture_output=True,
        text=True,
        timeout=LONGEST_SECONDS,
        check=False,
    )


def printed(done: subprocess.CompletedProcess[str]) -> Any:
    """The JSON that a client printed last. Raises AssertionError with what it said instead."""
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.strip().splitlines()[-1])
