"""A make-believe energy counter, so that Slurm's ConsumedEnergy is not empty.

python energy.py WATTS: writes what Slurm's RAPL plugin reads, /dev/cpu/N/msr, as plain files.
A machine that has real counters is left alone. Registers: 0x606 unit, 0x611 package, 0x619 DRAM.
"""

import os
import stat
import struct
import sys
import time
from pathlib import Path
from typing import BinaryIO

DEVICES = Path("/dev/cpu")
SIZE = 0x700
UNIT, PACKAGE, DRAM = 0x606, 0x611, 0x619
ROUND = 0.25


def possible(devices: Path = DEVICES) -> bool:
    """Whether no real counter is in the way, and ours may be written."""
    real = any(stat.S_ISCHR(path.stat().st_mode) for path in devices.glob("*/msr"))
    return not real and os.access(devices.parent, os.W_OK)


def make(devices: Path = DEVICES) -> list[Path]:
    """The counters at a start that is not zero, which Slurm takes for none; unit: 1 joule."""
    made = []
    for core in range(os.cpu_count() or 1):
        path = devices / str(core) / "msr"
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.stat().st_size < SIZE:
            path.write_bytes(bytes(SIZE))
        with path.open("r+b") as file:
            _put(file, UNIT, "<Q", 1)
            _put(file, PACKAGE, "<I", max(_get(file, PACKAGE), 1000))
            _put(file, DRAM, "<Q", 0)
        made.append(path)
    return made


def serve(watts: float) -> None:
    files = [path.open("r+b", buffering=0) for path in make()]
    first, began = _get(files[0], PACKAGE), time.monotonic()
    while True:
        joules = int(first + (time.monotonic() - began) * watts) & 0xFFFFFFFF
        for file in files:
            _put(file, PACKAGE, "<I", joules)
        time.sleep(ROUND)


def _put(file: BinaryIO, place: int, form: str, value: int) -> None:
    file.seek(place)
    file.write(struct.pack(form, value))


def _get(file: BinaryIO, place: int) -> int:
    file.seek(place)
    return int(struct.unpack("<I", file.read(4))[0])


if __name__ == "__main__":
    serve(float(sys.argv[1]))
