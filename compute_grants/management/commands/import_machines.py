"""manage.py import_machines FILE|- --centre SLUG --as EMAIL: take in a public table of machines."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.management.base import BaseCommand, CommandError

from compute_grants.actions import machine_imports
from compute_grants.actions.machine_imports import Outcome
from compute_grants.machine_table import BadTable
from consortium.models import Institution, User

UNKNOWN = 2


class Command(BaseCommand):
    """Exit codes: 0 taken in; 1 the table was refused and nothing written; 2 cannot begin."""

    help = (
        "Takes machines of a public table (CSV) into a centre's catalogue, new ones as drafts. "
        "Reading a table again changes nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", help="the table, or - for standard input")
        parser.add_argument("--centre", required=True, help="the centre's short name")
        parser.add_argument("--as", dest="email", required=True, help="an operator of the centre")
        parser.add_argument("--dry-run", action="store_true", help="say what would be done")
        parser.add_argument(
            "--skip-bad", action="store_true", help="leave bad lines out and list them"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        centre = Institution.objects.filter(slug=options["centre"]).first()
        by = User.objects.filter(email__iexact=options["email"]).first()
        if centre is None or by is None:
            missing = "centre" if centre is None else "person"
            raise CommandError(f"There is no such {missing}.", returncode=UNKNOWN)
        try:
            outcome = machine_imports.import_table(
                self._lines(options["file"]),
                centre=centre,
                by=by,
                skip_bad=options["skip_bad"],
                dry_run=options["dry_run"],
            )
        except PermissionDenied as denied:
            raise CommandError(str(denied), returncode=UNKNOWN) from denied
        except BadTable as error:
            raise CommandError(f"This is no table of machines: {error}.") from error
        self._report(outcome, dry_run=options["dry_run"])
        if outcome.bad and not options["skip_bad"]:
            raise CommandError("The table was refused; nothing was written.")

    def _lines(self, name: str) -> list[str]:
        try:
            text = sys.stdin.read() if name == "-" else Path(name).read_text("utf-8-sig")
        except OSError as error:
            raise CommandError(f"{name}: {error.strerror}", returncode=UNKNOWN) from error
        except UnicodeDecodeError as error:
            raise CommandError(f"{name}: not UTF-8 text.", returncode=UNKNOWN) from error
        return text.splitlines(keepends=True)

    def _report(self, outcome: Outcome, *, dry_run: bool) -> None:
        for line, fault in outcome.bad:
            self.stderr.write(f"line {line}: {fault}")
        if dry_run:
            self.stdout.write("A dry run: nothing was written.")
        for label, codes in (
            ("created", outcome.created),
            ("changed", outcome.changed),
            ("unchanged", outcome.unchanged),
        ):
            self.stdout.write(f"{label:>10}  {len(codes):,}  {' '.join(codes)}".rstrip())
        self.stdout.write(f"{'bad lines':>10}  {len(outcome.bad):,}")
