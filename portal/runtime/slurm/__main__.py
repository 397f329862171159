"""python -m portal.runtime.slurm up|down: what the Makefile calls."""

import argparse
import os
import sys
import time

from portal.runtime import interrupt
from portal.runtime.errors import Refusal
from portal.runtime.terminal import complain, say

from . import cluster
from .plan import Plan


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m portal.runtime.slurm", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("up", help="start the cluster, or what is missing of it")
    stop = commands.add_parser("down", help="cancel its jobs and stop it")
    stop.add_argument("--wipe", action="store_true", help="and remove its folder")
    wanted = parser.parse_args()
    interrupt.listen()
    began = time.monotonic()
    try:
        plan = Plan.read(os.environ)
        if wanted.command == "up":
            started = cluster.up(plan)
            say(f"  started {', '.join(started) or 'nothing: all of it runs'}")
            _say_how(plan)
        else:
            stopped = cluster.down(plan, wipe=wanted.wipe)
            say(f"  stopped {', '.join(stopped) or 'nothing: none of it runs'}")
    except Refusal as refusal:
        complain(str(refusal))
        return 1
    except interrupt.Stop:
        complain("Interrupted. make slurm-down stops what was started.")
        return 130
    say(f"  {time.monotonic() - began:.1f} s")
    return 0


def _say_how(plan: Plan) -> None:
    submit = " ".join(plan.command_prefix(plan.users[0]))
    say(f"  cluster {plan.name}: {plan.nodes} virtual nodes, in {plan.folder}")
    say(f"  look:    . {plan.folder}/env.sh; sinfo; squeue; sacctmgr show assoc tree")
    say(f"  submit:  {submit} sbatch -A ACCOUNT -D {plan.folder}/jobs --wrap 'sleep 5'")
    say("  stop:    make slurm-down")


if __name__ == "__main__":
    sys.exit(main())
