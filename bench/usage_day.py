"""One day of a large machine's accounting, as `sacct -X --duplicates --parsable2` prints it.

A machine of 100,000 cards runs a million small jobs a day: arrays, requeues, several partitions
and QOS, failures, energy readings here and there. Seeded, and a stream: the day is never whole
in memory.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from random import Random

from compute_grants.sacct import FORMAT

HEADER = FORMAT.replace(",", "|")
DAY_BEGINS = 1_794_960_000  # 2026-11-18 00:00 UTC
DAY = 86_400
PARTITIONS = (("gpu", "normal"), ("gpu", "long"), ("debug", "debug"), ("infer", "service"))
STATES = (*("COMPLETED",) * 16, "FAILED", "TIMEOUT", "CANCELLED by 1000", "NODE_FAIL")
NAMES = ("train", "sweep", "eval", "预训练", "fit_1", "serve")
WIDTHS = (1, 1, 1, 2, 4, 8, 8, 16)  # cards
REQUEUED = 50  # every so many jobs run twice
BLOCK = 500  # lines


class Day(io.RawIOBase):
    """A readable binary stream of so many rows below a header."""

    def __init__(self, cluster: str, accounts: Sequence[str], rows: int, seed: int = 7) -> None:
        super().__init__()
        self.blocks = _blocks(cluster, accounts, rows, seed)
        self.rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # any Buffer, in typeshed
        while not self.rest:
            block = next(self.blocks, None)
            if block is None:
                return 0
            self.rest = block
        count = min(len(buffer), len(self.rest))
        buffer[:count] = self.rest[:count]
        self.rest = self.rest[count:]
        return count


def day(cluster: str, accounts: Sequence[str], rows: int, seed: int = 7) -> io.BufferedReader:
    return io.BufferedReader(Day(cluster, accounts, rows, seed), 1 << 18)


def _blocks(cluster: str, accounts: Sequence[str], rows: int, seed: int) -> Iterator[bytes]:
    draw = Random(seed)  # noqa: S311  volume only
    yield f"{HEADER}\n".encode()
    lines: list[str] = []
    for n in range(rows):
        lines.append(_line(draw, cluster, accounts, n, rows))
        if len(lines) == BLOCK:
            yield "".join(lines).encode()
            lines.clear()
    yield "".join(lines).encode()


def _line(draw: Random, cluster: str, accounts: Sequence[str], n: int, rows: int) -> str:
    pick = draw.random()
    whole = int(pick * (1 << 30))
    again = n % REQUEUED == 1
    job = 1_000_000 + (n - 1 if again else n)
    submit = DAY_BEGINS + n * DAY // rows + (7200 if again else 0)
    start = submit + whole % 3600
    elapsed = 30 + whole % 6000
    partition, qos = PARTITIONS[whole % len(PARTITIONS)]
    cards = WIDTHS[whole % len(WIDTHS)]
    requeued = n % REQUEUED == 0
    state = "REQUEUED" if requeued else STATES[whole % len(STATES)]
    shown = f"{job - job % 100}_{job % 100}" if whole % 3 == 0 else str(job)
    cores, memory = cards * 14, cards * 60_000
    energy = str(elapsed * cards * 400) if whole % 5 else ""
    comment = "portal:stage=finetuning" if whole % 40 == 0 else ""
    return (
        f"{cluster}|{job}|{shown}|{accounts[whole % len(accounts)]}|user{whole % 977}|"
        f"{partition}|{qos}|{submit}|{start}|{start + elapsed}|{elapsed}|{state}|"
        f"billing={cores},cpu={cores},gres/gpu:h100={cards},gres/gpu={cards},mem={memory}M,"
        f"node={(cards + 7) // 8}|{energy}|{comment}|{NAMES[whole % len(NAMES)]}\n"
    )
