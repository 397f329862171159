from typing import Any

from django.core.management.base import BaseCommand, CommandError

from consortium import seals
from consortium.backends.signer import SignerError, signer
from registry.actions import trust


class Command(BaseCommand):
    help = (
        "Make this site's signing keys where they are missing, and name them in a trust document."
    )

    def handle(self, *_args: Any, **_options: Any) -> None:
        try:
            signer().ensure(seals.KEY)
            document = trust.init_keys()
        except SignerError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"trust document version {document.version}")
