"""Is every word of a rendered page in the page's language? Used on test-client and browser pages.

A page passes when an English one shows no Han and a Chinese one no English word, outside of
elements that say otherwise: lang="…" of the other language, translate="no" (names, numbers,
digests) and code.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from html.parser import HTMLParser

HAN = re.compile(r"[\u3400-\u9fff]")
WORD = re.compile(r"[A-Za-zÀ-ɏ][A-Za-zÀ-ɏ0-9'’_.-]*")
# What is not prose: addresses, files, and names with an inner mark such as grants:read.
ADDRESS = re.compile(
    r"\S+@\S+|https?://\S+|[a-z_]+(?:[.:/=][A-Za-z0-9_-]+)+"
    r"|\S+\.(?:csv|json|txt|tar|safetensors|md|jwt|jws|whl)\b"
)
SHOWN_ATTRIBUTES = ("aria-label", "title", "placeholder", "alt", "data-done", "data-message")
NOT_TEXT = frozenset({"script", "style", "code", "pre", "kbd", "samp", "textarea", "noscript"})
VOID = frozenset(
    {
        *("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source"),
        *("track", "wbr", "path", "line", "rect", "circle"),
    }
)
SHORTEST_WORD = 3
# Words that Chinese text keeps in Latin letters, however they are cased.
KEPT = frozenset(
    {
        *("slurm", "python", "markdown", "cookie", "docker", "linux", "apache", "zenodo", "celery"),
        *(
            "redis",
            "valkey",
            "bearer",
            "accept",
            "merkle",
            "english",
            "debian",
            "chromium",
            "token",
            # Names in a protocol or on a command line.
            "authorization",
            "mlflow",
            "huggingface_hub",
            "sacct",
            "cluster",
            "code",
            "detail",
            "errors",
            "request_id",
            "safetensors",
            "omic-verify",
            "fingerprint",
        ),
    }
)


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of text or a shown attribute. lang: what the nearest element says, "" for the page."""

    text: str
    lang: str


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[Piece] = []
        self.page_lang = ""
        self._open: list[tuple[str, str | None, bool]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "html":
            self.page_lang = given.get("lang") or ""
        silent = tag in NOT_TEXT or given.get("translate") == "no"
        entry = (tag, given.get("lang") if tag != "html" else None, silent)
        if tag not in VOID:
            self._open.append(entry)
        if not self._silent() and given.get("translate") != "no":
            for name in SHOWN_ATTRIBUTES:
                self._keep(given.get(name) or "", entry[1])

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if not self._silent():
            self._keep(data, None)

    def _silent(self) -> bool:
        return any(silent for _, _, silent in self._open)

    def _keep(self, text: str, own_lang: str | None) -> None:
        if text.strip():
            nearest = next((lang for _, lang, _ in reversed(self._open) if lang), "")
            self.pieces.append(Piece(" ".join(text.split()), own_lang or nearest))


def strangers(html: str, written: Iterable[str] = ()) -> list[str]:
    """What stands on the page in a language that is not the page's, and does not say so.

    written: what people wrote in one language only (tests.written), longest first.
    """
    written = tuple(written)
    reader = _Reader()
    reader.feed(html)
    page = reader.page_lang
    found = []
    for piece in reader.pieces:
        lang = piece.lang or page
        ours = _without(ADDRESS.sub(" ", piece.text), written)
        if lang.startswith("en") and HAN.search(ours):
            found.append(piece.text)
        elif lang.startswith("zh") and (words := _english_words(ours)):
            found.append(f"{piece.text} [{', '.join(words)}]")
    return found


def _without(text: str, written: Iterable[str]) -> str:
    for line in ("简体中文", *written):  # the language's own name, in the choice of languages
        if line in text:
            text = text.replace(line, " ")
    return text


def _english_words(text: str) -> list[str]:
    return [
        word
        for word in (match.strip(".-'’") for match in WORD.findall(text))
        if len(word) >= SHORTEST_WORD and not _is_name(word) and word.casefold() not in KEPT
    ]


def _is_name(word: str) -> bool:
    """BF16, MLflow, kWh, C-2026-0031: digits or inner capitals make a sign, not a word."""
    return any(char.isdigit() for char in word) or any(char.isupper() for char in word[1:])
