"""Collect the messages of the whole project and report what has no translation."""

from __future__ import annotations

import os
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.core.management.commands import makemessages

from portal import catalogue
from portal.runtime.messages import compile_all

SKIPPED = [".*", "node_modules", "tests/*", "bench/*", "docs/*", "static/*", "build/*", "dist/*"]


class Collect(makemessages.Command):
    """makemessages without its guesses: a source that changed is translated anew."""

    msgmerge_options = [*makemessages.Command.msgmerge_options, "--no-fuzzy-matching"]


class Command(BaseCommand):
    """Needs gettext on the machine (make system-packages)."""

    help = "Collect messages into locale/zh_Hans, optionally fill in translations, and compile."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--fill",
            type=Path,
            metavar="DIR",
            help="merge the translations of every *.json in DIR: {source: translation}",
        )

    def handle(self, *, fill: Path | None, **_options: Any) -> None:
        root = Path(settings.BASE_DIR)
        collect(root)
        found = catalogue.read(root)
        if fill is not None:
            self._report(catalogue.fill(found, fill))
            catalogue.write(root, found)
        missing = catalogue.untranslated(found)
        compile_all(root)
        for source in missing:
            self.stdout.write(f"untranslated: {source}")
        self.stdout.write(f"{len(found)} messages, {len(missing)} without a translation")

    def _report(self, filled: catalogue.Filled) -> None:
        for line in filled.conflicts:
            self.stdout.write(f"translated twice: {line}")
        for line in filled.unused:
            self.stdout.write(f"no such source: {line}")
        self.stdout.write(f"{filled.entries} translations filled in")


def collect(root: Path) -> None:
    """Bring the catalogue in step with the sources. The result depends on the sources alone."""
    (root / "locale").mkdir(exist_ok=True)
    with _inside(root):
        call_command(
            Collect(),
            locale=[catalogue.LANGUAGE],
            ignore_patterns=SKIPPED,
            add_location="file",
            no_obsolete=True,
            verbosity=0,
        )
    catalogue.write(root, catalogue.read(root))


@contextmanager
def _inside(folder: Path) -> Iterator[None]:
    """makemessages reads the working directory and nothing else."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)
