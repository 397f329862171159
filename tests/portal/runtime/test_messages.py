"""Translations are compiled without gettext."""

import gettext
import os

import polib
import pytest

from portal.runtime.messages import compile_all


@pytest.fixture
def catalogue(tmp_path):
    folder = tmp_path / "locale" / "zh_Hans" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    made = polib.POFile()
    made.metadata = {
        "Content-Type": "text/plain; charset=utf-8",
        "Plural-Forms": "nplurals=1; plural=0;",
    }
    made.append(polib.POEntry(msgid="Grant", msgstr="授予"))
    made.append(polib.POEntry(msgid="Call", msgctxt="noun", msgstr="征集"))
    made.append(
        polib.POEntry(
            msgid="%(n)s hour", msgid_plural="%(n)s hours", msgstr_plural={0: "%(n)s 小时"}
        )
    )
    made.append(polib.POEntry(msgid="Guess", msgstr="猜", flags=["fuzzy"]))
    made.save(str(folder / "django.po"))
    return folder


def test_compiles_what_gettext_reads_and_leaves_the_fuzzy_out(catalogue, tmp_path):
    assert compile_all(tmp_path) == 1
    with (catalogue / "django.mo").open("rb") as file:
        found = gettext.GNUTranslations(file)
    assert found.gettext("Grant") == "授予"
    assert found.pgettext("noun", "Call") == "征集"
    assert found.ngettext("%(n)s hour", "%(n)s hours", 2) == "%(n)s 小时"
    assert found.gettext("Guess") == "Guess"


def test_compiles_again_only_what_changed(catalogue, tmp_path):
    compile_all(tmp_path)
    assert compile_all(tmp_path) == 0
    os.utime(catalogue / "django.po", (1, 1))  # an older file put back counts as changed
    assert compile_all(tmp_path) == 1
    assert sorted(path.name for path in catalogue.iterdir()) == ["django.mo", "django.po"]
