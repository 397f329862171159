"""One call of one Slurm command, over whatever argv leads to the cluster."""

import contextlib
import os
import re
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

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
        for word in argv:
            if not WORD.fullmatch(word):
                raise ClusterError(f"{self.cluster}: {word!r} may not be sent to a cluster")
        try:
            process = subprocess.Popen(
                [*self.prefix, *ENVIRONMENT, *argv],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except OSError as error:
            raise ClusterError(f"{self.cluster}: {error}") from error
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

    def _wait(self, process: subprocess.Popen[bytes], name: str) -> tuple[bytes, bytes]:
        try:
            return process.communicate(timeout=self.timeout)
        except subprocess.TimeoutExpired as error:
            raise ClusterError(
                f"{self.cluster}: {name} did not answer within {self.timeout:g} s"
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
