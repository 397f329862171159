"""The process in which a search runs: `python -m compute_grants.optimise.child`.

It reads one JSON object from its input (problem, gap, seconds) and writes one a line: what
run.Report holds, and last {"result": …} or {"infeasible": …}. Its own processor time is
limited, so that it ends even if nobody is left to end it.
"""

from __future__ import annotations

import json
import math
import os
import resource
import sys
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from compute_grants.optimise.problem import Infeasible, Problem, Progress, Solution
from compute_grants.optimise.solve import solve

NICE = 5
GRACE = 30


def main() -> None:
    given = json.loads(sys.stdin.readline())
    limit = math.ceil(given["seconds"]) * (os.cpu_count() or 1) + GRACE
    resource.setrlimit(resource.RLIMIT_CPU, (limit, limit + GRACE))
    os.nice(NICE)
    problem = Problem.from_data(given["problem"])
    try:
        found = solve(problem, tell=_tell, gap=given["gap"], seconds=given["seconds"])
    except Infeasible as error:
        _say({"infeasible": str(error)})
    else:
        _say({"result": found.to_data()})


def _tell(progress: Progress, best: Solution | None) -> None:
    _say({"progress": asdict(progress), "best": best.to_data() if best else None})


def _say(line: Mapping[str, Any]) -> None:
    print(json.dumps(line), flush=True)  # noqa: T201  the pipe to the parent


if __name__ == "__main__":
    main()
