"""manage.py drift [--cluster NAME] [--as EMAIL --repair]: where machines differ from grants."""

from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.management.base import BaseCommand, CommandError

from compute_grants.actions import drift
from compute_grants.models import Machine
from consortium.models import User

DIFFERS, UNKNOWN = 1, 2


class Command(BaseCommand):
    """Exit codes: 0 nothing differs; 1 something does; 2 cannot tell."""

    help = "Reads machines and prints, tab by tab, where their accounts differ from grants."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--cluster", help="one machine, by its cluster's name; all")
        parser.add_argument("--repair", action="store_true", help="and bring accounts back")
        parser.add_argument("--as", dest="email", help="the operator in whose name to repair")

    def handle(self, *_args: Any, **options: Any) -> None:
        machines = Machine.objects.exclude(state=Machine.State.DRAFT).order_by("pk")
        if options["cluster"]:
            machines = machines.filter(cluster=options["cluster"])
        by = User.objects.filter(email__iexact=options["email"] or "").first()
        if not machines or (options["repair"] and by is None):
            raise CommandError("No such machine, or nobody to repair as.", returncode=UNKNOWN)
        try:
            count = sum(self._one(machine, by, repair=options["repair"]) for machine in machines)
        except (drift.NotReached, PermissionDenied) as error:
            raise CommandError(str(error), returncode=UNKNOWN) from error
        if count:
            raise CommandError(f"{count} differences", returncode=DIFFERS)

    def _one(self, machine: Machine, by: User | None, *, repair: bool) -> int:
        found = drift.compare(machine, by=by)
        for row in found:
            values = (row.account, row.aspect, row.subject, row.expected, row.found, row.state)
            self.stdout.write("\t".join((machine.cluster, *values)))
        if repair and by is not None:
            drift.repair_all(machine, by=by)
        return len(found)
