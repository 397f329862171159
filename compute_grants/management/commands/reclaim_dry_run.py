"""manage.py reclaim_dry_run [--on DAY]: what use it or lose it would take, and why."""

from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from compute_grants.queries.reclaims import dry_run

HOUR = 3600


class Command(BaseCommand):
    """Writes nothing, and tells nobody."""

    help = "Lists the grants from which unused time would be taken, if notice were given on a day."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--on", type=date.fromisoformat, help="a day, YYYY-MM-DD; today")

    def handle(self, *_args: Any, **options: Any) -> None:
        rows = dry_run(options["on"] or timezone.localdate())
        for row in rows:
            hours = row.verdict.seconds // HOUR
            self.stdout.write(
                f"{row.allocation.number}\t{hours} h\t{row.verdict.due_on}\t{row.why}"
            )
        self.stdout.write(f"{len(rows)} grants")
