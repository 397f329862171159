"""manage.py detect_ties: find who published together or worked on one proposal, now."""

from typing import Any

from django.core.management.base import BaseCommand

from compute_grants.actions.tie_detection import detect


class Command(BaseCommand):
    """What the hourly task does; safe to repeat."""

    help = "Brings the ties that the portal finds in line with recorded outputs and proposals."

    def handle(self, *_args: Any, **_options: Any) -> None:
        found = detect()
        self.stdout.write(
            f"{found.made} found, {found.changed} changed, {found.withdrawn} withdrawn"
        )
