"""A licence file (.lic) is three lines: trust document, licence, status list."""

from dataclasses import dataclass

from .codes import Code, Refused

LARGEST_FILE = 8 * 1024 * 1024
LINES = 3


@dataclass(frozen=True, slots=True)
class Bundle:
    trust: str
    licence: str
    status: str

    def text(self) -> str:
        return f"{self.trust}\n{self.licence}\n{self.status}\n"


def lines_of(data: bytes, count: int) -> list[str]:
    """Exactly `count` lines of ASCII, each ended by a line feed. Raises Refused."""
    if len(data) > LARGEST_FILE:
        raise Refused(Code.TOO_LARGE)
    try:
        lines = data.decode("ascii").split("\n")
    except UnicodeDecodeError:
        raise Refused(Code.BAD_ENCODING, "not ASCII") from None
    if len(lines) != count + 1 or lines[-1] != "" or not all(lines[:-1]):
        raise Refused(Code.BAD_ENCODING, f"the file must have exactly {count} lines")
    return lines[:-1]


def read(data: bytes) -> Bundle:
    return Bundle(*lines_of(data, LINES))
