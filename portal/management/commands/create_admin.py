import secrets
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import transaction

from consortium.actions import people
from consortium.models import ArmAppointment, User

EMAIL = "admin@portal.localhost"


class Command(BaseCommand):
    """Found an empty site: one person at the secretariat, who adds everybody else."""

    help = "Makes the first administrator of an empty site; does nothing where people exist."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--email", default=EMAIL)
        parser.add_argument("--password", help="default: a new random one")
        parser.add_argument("--logins", type=Path, default=settings.STATE_DIR / "logins.txt")

    def handle(self, *args: Any, **options: Any) -> None:
        if User.objects.exists():
            self.stdout.write("People exist already; no administrator was made.")
            return
        password = options["password"] or f"celadon-{secrets.token_urlsafe(9)}"
        with transaction.atomic():
            founder = people.add_person(
                email=options["email"],
                name_en="Administrator",
                name_zh="管理员",
                by=None,
                password=password,
            )
            people.appoint(founder, office=ArmAppointment.Office.SECRETARIAT, by=None)
            _write(options["logins"], options["email"], password)
        self.stdout.write(f"{options['email']} may sign in; see {options['logins']}.")


def _write(path: Path, email: str, password: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_text(f"administrator: {email}\npassword: {password}\n", encoding="utf-8")
