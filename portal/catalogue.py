"""The Simplified Chinese catalogue: what is missing in it, and how translations are handed in.

Translators hand in JSON files: {"English source": "译文"}; a source with a plural is keyed by its
singular, and its translation may stand in a list of one, since Chinese has one form. A source
with a context is keyed "context|source".
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import polib

LANGUAGE = "zh_Hans"
HEADER = {
    "Project-Id-Version": "portal",
    "Language": LANGUAGE,
    "MIME-Version": "1.0",
    "Content-Type": "text/plain; charset=UTF-8",
    "Content-Transfer-Encoding": "8bit",
    "Plural-Forms": "nplurals=1; plural=0;",
}
# Wide enough that no entry is wrapped: a diff shows the sentence that changed, whole.
NO_WRAP = 10_000


@dataclass(frozen=True, slots=True)
class Filled:
    """What a merge did: entries set, sources that two files translate differently, unused ones."""

    entries: int
    conflicts: list[str]
    unused: list[str]


def path(root: Path) -> Path:
    """Where the catalogue of the project in `root` is."""
    return root / "locale" / LANGUAGE / "LC_MESSAGES" / "django.po"


def read(root: Path) -> polib.POFile:
    return polib.pofile(str(path(root)), wrapwidth=NO_WRAP)


def write(root: Path, catalogue: polib.POFile) -> None:
    """Save in a form that depends on the messages alone: no dates, no line numbers, sorted."""
    catalogue.wrapwidth = NO_WRAP
    catalogue.header = "Simplified Chinese. Made by manage.py messages; see CONTRIBUTING.md."
    catalogue.metadata = dict(HEADER)
    catalogue.metadata_is_fuzzy = 0
    for entry in catalogue:
        entry.occurrences = sorted({(place, "") for place, _line in entry.occurrences})
    catalogue.sort(key=lambda entry: (entry.occurrences[:1], entry.msgid, entry.msgctxt or ""))
    catalogue.save(str(path(root)))


def key(entry: polib.POEntry) -> str:
    """How a JSON file names this entry."""
    return f"{entry.msgctxt}|{entry.msgid}" if entry.msgctxt else str(entry.msgid)


def fill(catalogue: polib.POFile, folder: Path) -> Filled:
    """Put the translations of every *.json in `folder` into `catalogue`, replacing older ones."""
    handed_in, conflicts = _hand_ins(folder)
    entries = {key(entry): entry for entry in catalogue if not entry.obsolete}
    for source, text in handed_in.items():
        if source in entries:
            _set(entries[source], text)
    used = handed_in.keys() & entries.keys()
    return Filled(len(used), conflicts, sorted(handed_in.keys() - entries.keys()))


def untranslated(catalogue: polib.POFile) -> list[str]:
    """Sources without a translation, fuzzy ones included."""
    return [
        key(entry)
        for entry in catalogue
        if not entry.obsolete and (entry.fuzzy or not entry.translated())
    ]


def _hand_ins(folder: Path) -> tuple[dict[str, str], list[str]]:
    found: dict[str, str] = {}
    conflicts = []
    for file in sorted(folder.glob("*.json")):
        for source, given in json.loads(file.read_text(encoding="utf-8")).items():
            text = given[0] if isinstance(given, list) else given
            if found.setdefault(source, text) != text:
                conflicts.append(f"{source}: {found[source]} / {text} ({file.name})")
    return found, conflicts


def _set(entry: polib.POEntry, text: str) -> None:
    if entry.msgid_plural:
        entry.msgstr_plural = {0: text}
    else:
        entry.msgstr = text
    entry.flags = [flag for flag in entry.flags if flag != "fuzzy"]
