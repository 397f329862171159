"""The gates that keep the portal whole in both languages.

1. The Chinese catalogue has every message, none of them fuzzy, with the same variables.
2. It is what the sources say today (needs gettext).
3. No gettext call hides inside an f-string, where the collector cannot see it.
4. Rendered pages hold no words of the other language: tests/language.py, applied here to the
   pages that need no browser and in tests/browser/test_crawl.py to all.
"""

from __future__ import annotations

import ast
import os
import re
import shutil
from pathlib import Path

import polib
import pytest
from django.conf import settings

from portal import catalogue
from portal.formats.en import formats as english
from portal.formats.zh_Hans import formats as chinese
from portal.management.commands.messages import collect
from tests.language import strangers

ROOT = Path(settings.BASE_DIR)
OURS = ("portal", "consortium", "compute_grants", "registry")
GETTEXT = {"_", "gettext", "gettext_lazy", "ngettext", "ngettext_lazy", "pgettext", "pgettext_lazy"}
VARIABLE = re.compile(r"%\((\w+)\)[sd]|%[sd]|\{(\w*)\}")
TAG = re.compile(r"</?\w+")
PUBLIC_PAGES = ("/", "/design/", "/status/", "/accounts/login/", "/accounts/signup/", "/no-such/")


def _entries() -> list[polib.POEntry]:
    return [entry for entry in catalogue.read(ROOT) if not entry.obsolete]


def _translations(entry: polib.POEntry) -> list[str]:
    return list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]


def test_every_message_is_translated():
    assert catalogue.untranslated(catalogue.read(ROOT)) == []


def test_translations_keep_variables_and_tags():
    wrong = []
    for entry in _entries():
        sources = {entry.msgid, entry.msgid_plural or entry.msgid}
        for text in filter(None, _translations(entry)):
            named = {tuple(sorted(map(str, VARIABLE.findall(source)))) for source in sources}
            if tuple(sorted(map(str, VARIABLE.findall(text)))) not in named:
                wrong.append((entry.msgid, text))
            if sorted(TAG.findall(text)) != sorted(TAG.findall(entry.msgid)):
                wrong.append((entry.msgid, text))
    assert wrong == []


def test_chinese_punctuation_is_chinese():
    """Half-width , ; ? ! between Han are typing slips; so is an exclamation mark of any width."""
    slips = re.compile(r"[\u3400-\u9fff][,;?!]|[！!]")
    assert [t for e in _entries() for t in _translations(e) if slips.search(t)] == []


def test_english_keeps_to_the_voice():
    """Plain and exact: no "please", no exclamation marks (docs: the voice of the portal)."""
    loud = re.compile(r"\bplease\b|!", re.IGNORECASE)
    assert [entry.msgid for entry in _entries() if loud.search(entry.msgid)] == []


def test_the_catalogue_is_what_the_sources_say():
    if shutil.which("xgettext") is None:
        if os.environ.get("CI") == "true":
            pytest.fail("gettext is missing: make system-packages")
        pytest.skip("gettext is missing: make system-packages")
    file = catalogue.path(ROOT)
    before = file.read_bytes()
    kept = file.stat()
    try:
        collect(ROOT)
        after = file.read_bytes()
    finally:
        file.write_bytes(before)
        os.utime(file, ns=(kept.st_atime_ns, kept.st_mtime_ns))
    assert _messages(after) == _messages(before), "run manage.py messages"
    assert after == before, "run manage.py messages"


def _messages(content: bytes) -> set[str]:
    return {catalogue.key(entry) for entry in polib.pofile(content.decode())}


def test_no_gettext_inside_an_f_string():
    found = [
        f"{file.relative_to(ROOT)}:{call.lineno}"
        for folder in OURS
        for file in (ROOT / folder).rglob("*.py")
        for string in ast.walk(ast.parse(file.read_text()))
        if isinstance(string, ast.JoinedStr)
        for call in ast.walk(string)
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") in GETTEXT
    ]
    assert found == []


@pytest.mark.django_db
@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize("address", PUBLIC_PAGES)
def test_public_pages_hold_one_language(client, address, language):
    response = client.get(address, {"lang": language})
    expected = "zh-Hans" if language == "zh-hans" else "en"
    assert f'<html lang="{expected}"' in response.content.decode()
    assert strangers(response.content.decode()) == []


@pytest.mark.parametrize(
    ("html", "found"),
    [
        ('<html lang="en"><p>Grant 机时', ["Grant 机时"]),
        ('<html lang="en"><p lang="zh-Hans">机时', []),
        ('<html lang="en"><p>Grant <b translate="no">机时', []),
        ('<html lang="zh-Hans"><p>机时 Grants left', ["机时 Grants left [Grants, left]"]),
        ('<html lang="zh-Hans"><p lang="en">Grants', []),
        ('<html lang="zh-Hans"><p>用 PyTorch 与 BF16 训练 157k kWh', []),
        ('<html lang="zh-Hans"><code>print</code>', []),
        ('<html lang="zh-Hans"><input placeholder="Search">', ["Search [Search]"]),
        ('<html lang="zh-Hans"><p>写信至 a.b@example.org', []),
    ],
)
def test_the_gate_itself_can_fail(html, found):
    assert strangers(html) == found


def test_both_languages_group_by_three_and_type_no_space_beside_han():
    for formats in (english, chinese):
        assert formats.NUMBER_GROUPING == 3
    assert " " not in chinese.DATE_FORMAT
