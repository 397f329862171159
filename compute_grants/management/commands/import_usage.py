"""manage.py import_usage FILE|- --cluster NAME: read a cluster's accounting and charge it."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any, BinaryIO

from django.core.exceptions import PermissionDenied
from django.core.management.base import BaseCommand, CommandError

from compute_grants.actions import usage
from compute_grants.models import Machine, UsageImport
from compute_grants.queries.usage import explain
from compute_grants.sacct import COMMAND
from consortium.errors import Invalid
from consortium.models import User

UNKNOWN = 2
HOUR = 3600


class Command(BaseCommand):
    """Exit codes: 0 read; 1 the file was refused and nothing written; 2 cannot begin."""

    help = (
        "Reads sacct --parsable2 output and charges every job run exactly once. "
        f"Export it with: {COMMAND}"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", help="the exported file, or - for standard input")
        parser.add_argument("--cluster", required=True, help="the cluster's name in Slurm")
        parser.add_argument(
            "--skip-bad", action="store_true", help="leave bad rows out and list them"
        )
        parser.add_argument("--as", dest="email", help="the operator in whose name to import")

    def handle(self, *_args: Any, **options: Any) -> None:
        machine = Machine.objects.filter(cluster=options["cluster"]).first()
        if machine is None:
            raise CommandError(
                f"No machine has the cluster name {options['cluster']!r}.", returncode=UNKNOWN
            )
        by = self._person(options["email"])
        try:
            imported = self._import(machine, options["file"], by, options["skip_bad"])
        except Invalid as refused:
            for line in refused.errors["file"]:
                self.stderr.write(line)
            raise CommandError("The file was refused; nothing was written.") from refused
        except PermissionDenied as denied:
            raise CommandError(str(denied), returncode=UNKNOWN) from denied
        self._report(imported)

    def _person(self, email: str | None) -> User | None:
        if email is None:
            return None
        found = User.objects.filter(email__iexact=email).first()
        if found is None:
            raise CommandError(f"Nobody signs in as {email}.", returncode=UNKNOWN)
        return found

    def _import(self, machine: Machine, name: str, by: User | None, skip_bad: bool) -> UsageImport:
        def run(stream: BinaryIO) -> UsageImport:
            return usage.import_sacct(
                machine=machine, stream=stream, source=source, by=by, skip_bad=skip_bad
            )

        source = "-" if name == "-" else Path(name).name
        if name == "-":
            return run(sys.stdin.buffer)
        try:
            with Path(name).open("rb") as stream:
                return run(stream)
        except OSError as error:
            raise CommandError(f"{name}: {error.strerror}", returncode=UNKNOWN) from error

    def _report(self, imported: UsageImport) -> None:
        rows = [
            ("rows read", f"{imported.rows:,} ({imported.steps:,} of them steps)"),
            ("job runs", f"{imported.runs:,}"),
            ("recorded", f"{imported.recorded:,}"),
            ("corrected", f"{imported.corrected:,}"),
            ("unchanged", f"{imported.unchanged:,}"),
            ("unmatched", f"{imported.unmatched:,}"),
            ("not started", f"{imported.waiting:,}"),
            ("bad rows left out", f"{imported.skipped_rows:,}"),
            ("charged", f"{imported.card_seconds / HOUR:,.2f} card-hours"),
            ("", f"{imported.core_seconds / HOUR:,.2f} core-hours"),
        ]
        for label, value in rows:
            self.stdout.write(f"{label:>18}  {value}")
        for line in explain(imported):
            self.stdout.write(line)
