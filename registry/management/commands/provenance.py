import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from registry.models import Licence
from registry.queries.provenance import Link, as_json, holds, provenance

_MARKS = {True: "ok", False: "FAILS", None: "-"}


class Command(BaseCommand):
    help = "Show every link behind a licence with its evidence, computed again. Fails if any does."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("number", help="such as LIC-2026-0001")
        parser.add_argument("--json", action="store_true", help="one JSON object")
        parser.add_argument("--sizes", action="store_true", help="do not read large models again")

    def handle(self, *_args: Any, **options: Any) -> None:
        licence = Licence.objects.filter(number=options["number"]).first()
        if licence is None:
            raise CommandError(f"There is no licence {options['number']}.")
        links = provenance(licence, hash_files=not options["sizes"])
        if options["json"]:
            self.stdout.write(json.dumps(as_json(licence, links), ensure_ascii=False, indent=2))
        else:
            for link in links:
                self._show(link)
        if not holds(links):
            broken = ", ".join(link.code for link in links if link.ok is False)
            raise CommandError(f"The evidence does not hold: {broken}.")

    def _show(self, link: Link) -> None:
        self.stdout.write(f"[{_MARKS[link.ok]}] {link.kind} {link.number}: {link.title}")
        for fact in link.facts:
            self.stdout.write(f"      {fact.label}: {fact.value} [{_MARKS[fact.ok]}]")
