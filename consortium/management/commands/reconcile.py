from typing import Any

from django.core.management.base import BaseCommand, CommandError

from consortium import reconciliation
from consortium.models import Account, Transfer


class Command(BaseCommand):
    help = "Check that the books agree with themselves. Exit 1 and one line per difference."

    def handle(self, *_args: Any, **_options: Any) -> None:
        found = 0
        for name, line in reconciliation.differences():
            self.stdout.write(f"{name}: {line}")
            found += 1
        if found:
            many = "difference" if found == 1 else "differences"
            raise CommandError(f"{found} {many}. The books do not agree.", returncode=1)
        self.stdout.write(
            f"Clean: {len(reconciliation.checks())} checks over {Account.objects.count()} "
            f"accounts and {Transfer.objects.count()} transfers."
        )
