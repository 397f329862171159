from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from consortium.errors import DomainError
from portal.demo import loading


class Command(BaseCommand):
    """Exit codes: 0 loaded, or loaded before; 1 the site holds something else."""

    help = "Loads the demo consortium through the portal's own actions; once, and only if empty."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--password", help="for everybody; default: a new random one")
        parser.add_argument("--logins", type=Path, default=settings.STATE_DIR / "logins.txt")
        parser.add_argument("--remove", action="store_true", help="take the demo out again, whole")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["remove"]:
                loading.remove(options["logins"])
                self.stdout.write("The demo consortium is gone, and its history with it.")
                return
            if loading.loaded():
                self.stdout.write("The demo consortium is loaded already.")
                return
            loading.load(
                password=options["password"], logins=options["logins"], say=self.stdout.write
            )
        except DomainError as refused:
            raise CommandError(str(refused)) from refused
