from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from consortium import seals
from consortium.backends.signer import signer
from consortium.models import AuditEvent, AuditLeaf, AuditSeal


class Command(BaseCommand):
    help = "Check the audit log against its signed seals. Exit 1 and one line per difference."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--seals", type=Path, default=settings.AUDIT_SEAL_FILE)
        parser.add_argument("--public-key", help="64 hex digits; default: this site's own key")

    def handle(self, *args: Any, **options: Any) -> None:
        given = options["public_key"]
        key = bytes.fromhex(given) if given else signer().public_key(seals.KEY)
        differences = 0
        for line in seals.wrong(key, options["seals"]):
            self.stdout.write(line)
            differences += 1
        if differences:
            raise CommandError(f"{differences} differences. The log was changed.", returncode=1)
        waiting = AuditEvent.objects.exclude(pk__in=AuditLeaf.objects.values("event_id")).count()
        self.stdout.write(
            f"Clean: {AuditSeal.objects.count()} seals over {AuditLeaf.objects.count()} events; "
            f"{waiting} wait for the next seal."
        )
