"""Turn the translations (django.po) into what Django reads (django.mo), without gettext.

python -m portal.runtime messages
"""

import os
from pathlib import Path

import polib

from .config import ROOT


def compile_all(root: Path = ROOT) -> int:
    """Compile each catalogue that is newer than its result. Returns how many."""
    done = 0
    for source in sorted((root / "locale").glob("*/LC_MESSAGES/*.po")):
        target = source.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime_ns == source.stat().st_mtime_ns:
            continue
        _compile(source, target)
        done += 1
    return done


def _compile(source: Path, target: Path) -> None:
    """Whole or not at all: a site may be reading the old one."""
    written = source.stat()
    draft = target.with_suffix(f".{os.getpid()}")
    polib.pofile(str(source)).save_as_mofile(str(draft))
    os.utime(draft, ns=(written.st_atime_ns, written.st_mtime_ns))
    draft.replace(target)
