"""manage.py fetch_usage --cluster NAME --since DAY --until DAY: ask a cluster for its usage."""

from argparse import ArgumentParser
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from compute_grants.actions import usage
from compute_grants.backends import ClusterError
from compute_grants.models import Machine
from compute_grants.queries.usage import explain
from consortium.errors import Invalid

UNKNOWN = 2
DAY = timedelta(days=1)


class Command(BaseCommand):
    """Exit codes: 0 read; 1 the cluster failed or its answer was refused; 2 cannot begin."""

    help = "Asks a cluster for its accounting, day by day (UTC), and charges every run once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--cluster", required=True, help="the cluster's name in Slurm")
        parser.add_argument("--since", required=True, type=date.fromisoformat, help="first day")
        parser.add_argument("--until", required=True, type=date.fromisoformat, help="last day")
        parser.add_argument("--skip-bad", action="store_true", help="leave bad rows out")

    def handle(self, *_args: Any, **options: Any) -> None:
        machine = Machine.objects.filter(cluster=options["cluster"]).first()
        if machine is None:
            raise CommandError(
                f"No machine has the cluster name {options['cluster']!r}.", returncode=UNKNOWN
            )
        if options["until"] < options["since"]:
            raise CommandError("The last day is before the first.", returncode=UNKNOWN)
        for begin in _days(options["since"], options["until"]):
            self._day(machine, begin, skip_bad=options["skip_bad"])

    def _day(self, machine: Machine, begin: datetime, *, skip_bad: bool) -> None:
        try:
            read = usage.fetch(machine=machine, since=begin, until=begin + DAY, skip_bad=skip_bad)
        except ClusterError as error:
            raise CommandError(f"{begin:%F}: {error}") from error
        except Invalid as refused:
            for line in refused.errors["file"]:
                self.stderr.write(line)
            raise CommandError(
                f"{begin:%F}: the answer was refused; none was charged."
            ) from refused
        self.stdout.write(
            f"{begin:%F}  {read.runs:,} runs: {read.recorded:,} recorded, {read.corrected:,} "
            f"corrected, {read.unchanged:,} unchanged, {read.unmatched:,} unmatched"
        )
        for line in explain(read):
            self.stdout.write(f"            {line}")


def _days(first: date, last: date) -> Iterator[datetime]:
    while first <= last:
        yield datetime.combine(first, time(), UTC)
        first += DAY
