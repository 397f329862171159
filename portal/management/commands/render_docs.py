from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.docs import DOCUMENTS, FOLDER


class Command(BaseCommand):
    help = "Write the documents that are drawn from the code: docs/states.md, docs/permissions.md."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--check", action="store_true", help="write nothing; fail if any is old"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        for name, render in DOCUMENTS.items():
            path, text = FOLDER / name, render()
            if path.exists() and path.read_text(encoding="utf-8") == text:
                continue
            if options["check"]:
                raise CommandError(f"docs/{name} is old. Run manage.py render_docs.")
            path.write_text(text, encoding="utf-8")
            self.stdout.write(f"docs/{name}")
