"""One call of one Slurm command, over whatever argv leads to the cluster."""

import contextlib
import os
import re
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO, BinaryIO

from django.conf import settings

from compute_grants.backends.base import ClusterError

# ssh joins its words with spaces and gives them to a shell: none of these means anything to one.
WORD = re.compile(r"[A-Za-z0-9_=,.:/@%+-]+")
# Times as seconds since the epoch, whatever zone either side is in.
ENVIRONMENT = ("env", "TZ=UTC", "SLURM_TIME_FORMAT=%s")
KILLED = 128  # a shell's or ssh's way to say that a signal ended it


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command that came to its own end said."""

    code: int
    output: str
    complaint: str

    @property
    def said(self) -> str:
        return " ".join(f"{self.complaint} {self.output}".split())[:300] or f"exit {self.code}"


@dataclass(frozen=True, slots=True)
class Client:
    """prefix: the argv that leads there, such as ["ssh", "portal@login.example"]."""

    cluster: str
    prefix: Sequence[str]
    timeout: float  # seconds for one call

    def ask(self, *argv: str) -> Answer:
        """Run it to its end, whatever it answers.

        Raises ClusterError where it did not come to an end of its own: not found, too slow,
        killed; and for words that a shell on the way could read otherwise.
        """
        self._check(argv)
        process = self._start(argv, subprocess.PIPE)
        with process:
            output, complaint = self._wait(process, argv[0])
        answer = Answer(process.returncode, self._text(output), self._text(complaint))
        if not 0 <= answer.code < KILLED:
            raise ClusterError(f"{self.cluster}: {argv[0]} was cut short ({answer.said})")
        return answer

    def read(self, *argv: str) -> str:
        """What it prints. Raises ClusterError where it fails."""
        answer = self.ask(*argv)
        if answer.code:
            raise ClusterError(f"{self.cluster}: {' '.join(argv[:4])}: {answer.said}")
        return answer.output

    def spool(self, *argv: str) -> BinaryIO:
        """What it prints, in a file without a name, from its beginning; however long it is.

        Raises ClusterError where it fails, so that nothing is read of an answer in part.
        """
        self._check(argv)
        file = tempfile.TemporaryFile()  # noqa: SIM115  the caller's to close
        try:
            self._fill(file, argv)
        except BaseException:
            file.close()
            raise
        file.seek(0)
        return file

    def _fill(self, file: IO[bytes], argv: Sequence[str]) -> None:
        process = self._start(argv, file)
        with process:
            _, complaint = self._wait(process, argv[0], settings.SLURM_EXPORT_TIMEOUT)
        if process.returncode:
            answer = Answer(process.returncode, "", self._text(complaint))
            raise ClusterError(f"{self.cluster}: {argv[0]}: {answer.said}")

    def _check(self, argv: Sequence[str]) -> None:
        for word in argv:
            if not WORD.fullmatch(word):
                raise ClusterError(f"{self.cluster}: {word!r} may not be sent to a cluster")

    def _start(self, argv: Sequence[str], output: IO[bytes] | int) -> subprocess.Popen[bytes]:
        try:
            return subprocess.Popen(
                [*self.prefix, *ENVIRONMENT, *argv],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except OSError as error:
            raise ClusterError(f"{self.cluster}: {error}") from error

    def _wait(
        self, process: subprocess.Popen[bytes], name: str, timeout: float | None = None
    ) -> tuple[bytes, bytes]:
        timeout = timeout or self.timeout
        try:
            return process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired as error:
            raise ClusterError(
                f"{self.cluster}: {name} did not answer within {timeout:g} s"
            ) from error
        finally:
            if process.poll() is None:  # and whatever it started on the way
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)

    def _text(self, content: bytes) -> str:
        try:
            return content.decode()
        except UnicodeDecodeError as error:
            raise ClusterError(f"{self.cluster}: the answer is not text ({error})") from error
