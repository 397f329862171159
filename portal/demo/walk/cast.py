"""Everybody the walk needs, each signed in once, and the operator's command line."""

import subprocess
import sys
from pathlib import Path

from portal.demo.content_people import PEOPLE
from portal.demo.walk.report import expect
from portal.demo.walk.visitor import Visitor

ROOT = Path(__file__).parents[3]
DOMAIN = "consortium.example"
COMMAND_SECONDS = 180


class Cast:
    """cast("tang.yuhe") is that person's session at the portal."""

    def __init__(self, base: str, password: str, environment: dict[str, str]) -> None:
        self.base, self.password, self.environment = base, password, environment
        self._known: dict[str, Visitor] = {}

    def __call__(self, handle: str) -> Visitor:
        if handle not in self._known:
            self._known[handle] = Visitor(self.base, self.email(handle), self.password)
        return self._known[handle]

    @staticmethod
    def email(handle: str) -> str:
        row = next(row for row in PEOPLE if row.handle == handle)
        return f"{handle}@{row.institution or 'office'}.{DOMAIN}"

    def id_of(self, handle: str) -> int:
        number: int = self(handle).get("me/")["id"]
        return number

    def manage(self, *words: str, status: int = 0) -> str:
        """Run manage.py as the site's operator; ends the walk on another exit status."""
        return self.run([sys.executable, str(ROOT / "manage.py"), *words], status=status)

    def run(self, argv: list[str], *, status: int = 0, **extra: str) -> str:
        """Run a program with the site's environment and `extra`; its output."""
        ended, said = self.attempt(argv, **extra)
        expect(
            ended == status,
            f"{' '.join(argv[1:4])} ended with {ended}, not {status}: {said[-800:]}",
        )
        return said

    def attempt(self, argv: list[str], **extra: str) -> tuple[int, str]:
        """The exit status and the output of a program, whatever they are."""
        done = subprocess.run(
            argv,
            capture_output=True,
            text=True,
            env=self.environment | extra,
            timeout=COMMAND_SECONDS,
            cwd=ROOT,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr
