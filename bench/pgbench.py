"""PostgreSQL's own load generator: its clients cost little, so the server's rate is seen."""

from __future__ import annotations

import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from bench.result import Failed
from bench.server import client_environment
from portal.runtime.postgres import Postgres


@dataclass(frozen=True)
class Load:
    """So many clients, each running `script` for `seconds`, or `times` times."""

    script: str
    clients: int
    seconds: int = 0
    times: int = 0


def run(server: Postgres, database: str, load: Load) -> float:
    """Transactions a second, connecting not counted. Raises Failed when one fails."""
    length = ["-t", str(load.times)] if load.times else ["-T", str(load.seconds)]
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
        script.write(load.script)
        script.flush()
        done = subprocess.run(
            [
                Path(server.programs.folder) / "pgbench",
                *["--no-vacuum", "--protocol=prepared", "--file", script.name, *length],
                *["--client", str(load.clients), "--jobs", str(min(load.clients, 2))],
            ],
            env=client_environment(server, database),
            capture_output=True,
            text=True,
            check=False,
        )
    rate = re.search(r"tps = ([\d.]+)", done.stdout)
    if done.returncode or rate is None:
        raise Failed(f"pgbench failed:\n{done.stdout}\n{done.stderr}")
    return float(rate.group(1))
