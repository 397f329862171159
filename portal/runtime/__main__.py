"""python -m portal.runtime COMMAND: what the Makefile calls."""

import argparse
import os
import shlex
import sys

from . import messages, process, run, trial
from .config import Config
from .errors import Refusal
from .servers import Servers
from .terminal import complain, say


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m portal.runtime", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    start = commands.add_parser("run", help="start the portal and stay until Ctrl-C")
    start.add_argument("--with-parent", action="store_true", help="end when the caller dies")
    commands.add_parser("services", help="start PostgreSQL, broker and MLflow alone")
    commands.add_parser("env", help="print the site's environment as shell exports")
    commands.add_parser("messages", help="compile the translations")
    test = commands.add_parser("test", help="run a command with throw-away servers")
    test.add_argument("--only-database", action="store_true", help="without broker and MLflow")
    test.add_argument("argv", nargs="+", metavar="-- command")
    wanted = parser.parse_args()
    try:
        return _do(wanted)
    except Refusal as refusal:
        complain(str(refusal))
        return 1


def _do(wanted: argparse.Namespace) -> int:
    if wanted.command == "run":
        if wanted.with_parent:
            process.follow_parent()
        return run.run(Config.read(os.environ))
    if wanted.command == "services":
        return run.services(Config.read(os.environ))
    if wanted.command == "test":
        return trial.trial(wanted.argv, only_database=wanted.only_database)
    if wanted.command == "messages":
        say(f"  {messages.compile_all()} catalogues compiled")
    else:
        for name, value in Servers(Config.read(os.environ)).variables().items():
            say(f"export {name}={shlex.quote(value)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
