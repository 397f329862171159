"""How an edge says no. The reader's language is chosen where the answer is written."""

from __future__ import annotations

from django.utils.functional import Promise


class Refused(Exception):
    """A call that is not answered as asked.

    status: HTTP; code: what the protocol calls it (MLflow's error_code, the hub's
    X-Error-Code); message: a whole sentence that names the rule and the next step.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str | Promise,
        headers: tuple[tuple[str, str], ...] = (),
    ) -> None:
        super().__init__(status, code)
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers

    def __str__(self) -> str:
        return f"{self.status} {self.code}: {self.message}"
