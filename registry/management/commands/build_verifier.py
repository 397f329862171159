from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from consortium.backends.signer import SignerError, signer
from registry.backends import verifier_wheel


class Command(BaseCommand):
    help = "Write the licence verifier as a wheel with this site's root public key baked in."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--out", type=Path, required=True, help="folder for the wheel")

    def handle(self, *_args: Any, out: Path, **_options: Any) -> None:
        try:
            wheel = verifier_wheel.build(signer().public_key("root"))
        except SignerError as error:
            raise CommandError(str(error)) from error
        out.mkdir(parents=True, exist_ok=True)
        path = out / verifier_wheel.file_name()
        path.write_bytes(wheel)
        self.stdout.write(str(path))
