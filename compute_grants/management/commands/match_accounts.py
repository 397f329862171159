"""manage.py match_accounts --cluster NAME [--dump FILE] [--adopt ACCOUNT=GRANT --as EMAIL]."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.management.base import BaseCommand, CommandError

from compute_grants.account_matching import Existing, NotADump, read_dump
from compute_grants.actions.account_adoption import adopt
from compute_grants.backends import ClusterError, cluster
from compute_grants.models import Allocation, Machine
from compute_grants.queries.account_matching import existing, matches
from consortium.errors import DomainError
from consortium.models import User

REFUSED = (ClusterError, DomainError, NotADump, OSError, PermissionDenied)


class Command(BaseCommand):
    """Prints account, grant, score, evidence and rivals, tab by tab; writes only with --adopt."""

    help = "Proposes which accounts of an existing cluster are which grants', and adopts one."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--cluster", required=True, help="the cluster's name in Slurm")
        parser.add_argument("--dump", type=Path, help="a file of sacctmgr dump; the cluster itself")
        parser.add_argument("--adopt", metavar="ACCOUNT=GRANT", help="give the grant this account")
        parser.add_argument(
            *("--may-stop",),
            nargs="*",
            default=[],
            metavar="USER",
            help="who is no member and may run no more jobs on it",
        )
        parser.add_argument("--as", dest="email", help="the operator who confirms it")

    def handle(self, *_args: Any, **options: Any) -> None:
        machine = Machine.objects.filter(cluster=options["cluster"]).first()
        if machine is None:
            raise CommandError(f"No machine has the cluster name {options['cluster']!r}.")
        try:
            if options["adopt"]:
                self._adopt(machine, options)
            else:
                self._propose(machine, options["dump"])
        except REFUSED as error:
            raise CommandError(str(error)) from error

    def _propose(self, machine: Machine, dump: Path | None) -> None:
        for row in matches(machine, self._accounts(machine, dump)):
            lists = (",".join(row.evidence), ",".join(row.rivals))
            self.stdout.write("\t".join((row.account.name, row.number, str(row.score), *lists)))

    def _accounts(self, machine: Machine, dump: Path | None) -> dict[str, Existing]:
        if dump is not None:
            return read_dump(dump.read_text(encoding="utf-8"))
        return existing(cluster(machine.cluster, machine.backend).snapshot())

    def _adopt(self, machine: Machine, options: dict[str, Any]) -> None:
        account, _, number = options["adopt"].partition("=")
        grant = Allocation.objects.filter(resource__machine=machine, number=number).first()
        by = User.objects.filter(email__iexact=options["email"] or "").first()
        if grant is None or by is None:
            raise CommandError("No such grant on this machine, or nobody to adopt as.")
        adopt(grant, account=account, may_stop=options["may_stop"], by=by)
        self.stdout.write(f"{account}\t{number}")
