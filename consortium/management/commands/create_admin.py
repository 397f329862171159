from argparse import ArgumentTypeError
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from consortium.actions import people
from consortium.errors import Invalid
from consortium.models import ArmAppointment, User

SECRETARIAT = ArmAppointment.Office.SECRETARIAT


def _file(name: str) -> Path:
    path = Path(name)
    if not path.is_file():
        raise ArgumentTypeError(f"{name} is not a file")
    return path


class Command(BaseCommand):
    help = (
        "Create the first administrator of an empty site: a person of the secretariat, who "
        "makes all further appointments. Run again, it changes nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--email", required=True)
        parser.add_argument(
            "--password-file",
            required=True,
            type=_file,
            help="a file whose content is the password",
        )
        parser.add_argument("--name", default="Administrator")

    def handle(self, *_args: Any, email: str, password_file: Path, name: str, **_: Any) -> None:
        password = password_file.read_text(encoding="utf-8").strip()
        try:
            with transaction.atomic():
                person = _person(email, password, name)
        except Invalid as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Sign in as {person.email} with the password in {password_file}.")


def _person(email: str, password: str, name: str) -> User:
    person = User.objects.filter(email__iexact=email).first()
    if person is None:
        person = people.add_person(
            email=email, name_en=name, name_zh="管理员", password=password, by=None
        )
    if not person.appointments.filter(office=SECRETARIAT, until=None).exists():
        people.appoint(person, office=SECRETARIAT, by=None)
    return person
