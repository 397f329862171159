"""Quantities, moments and texts as people read them."""

from __future__ import annotations

import datetime as dt

import pytest

from portal import formatting, prose
from tests.portal.showing import HOUR, KWH, Named, in_chinese, show

# Quantities


@pytest.mark.parametrize(
    ("hours", "english", "chinese"),
    [
        (0, "0", "0"),
        (0.5, "0.5", "0.5"),
        (999, "999", "999"),
        (1_000, "1k", "1,000"),
        (9_900, "9.9k", "9,900"),
        (9_999.9, "10k", "1万"),
        (157_000, "157k", "15.7万"),
        (900_000, "900k", "90万"),
        (999_960, "1M", "100万"),
        (1_234_567, "1.23M", "123万"),
        (250_000_000, "250M", "2.5亿"),
        (-157_000, "−157k", "−15.7万"),
    ],
)
def test_hours_are_short_and_grouped_as_the_language_does(hours, english, chinese):
    seconds = int(hours * HOUR)
    assert formatting.hours(seconds) == english
    with in_chinese():
        assert formatting.hours(seconds) == chinese


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0, "0.0"), (5_400, "1.5"), (565_200_000, "157,000.0"), (-180, "−0.1"), (None, "–")],
)
def test_card_hours_are_exact_to_a_decimal(seconds, shown):
    assert formatting.card_hours(seconds) == shown


@pytest.mark.parametrize(
    ("fen", "shown"),
    [(0, "¥0.00"), (5, "¥0.05"), (123_456, "¥1,234.56"), (-123_456, "−¥1,234.56"), (None, "–")],
)
def test_yuan_never_loses_a_fen(fen, shown):
    assert formatting.yuan(fen) == shown


@pytest.mark.parametrize(
    ("joules", "shown"),
    [
        (0, "0.0 kWh"),
        (KWH, "1.0 kWh"),
        (412_600 * KWH, "412.6 MWh"),
        (2_000_000 * KWH, "2.0 GWh"),
        (None, "–"),
    ],
)
def test_energy_carries_its_unit(joules, shown):
    assert formatting.kwh(joules) == shown


@pytest.mark.parametrize(
    ("size", "shown"), [(0, "0 B"), (999, "999 B"), (1_530_000, "1.5 MB"), (None, "–")]
)
def test_file_sizes_are_decimal(size, shown):
    assert formatting.filesize(size) == shown
    assert show("{{ size|bytes }}{{ size|filesize2 }}", size=size) == shown * 2


def test_a_digest_is_short_and_whole_in_the_title():
    digest = "sha256:" + "0123456789abcdef" * 4
    html = formatting.short_hash(digest)
    assert ">0123456789ab<" in html
    assert f'title="{digest}"' in html
    assert 'translate="no"' in html
    assert formatting.short_hash("") == "–"


# Moments


def test_a_moment_is_in_beijing_time_in_both_languages():
    noon = dt.datetime(2026, 12, 5, 12, 0, tzinfo=dt.UTC)
    html = formatting.moment(noon)
    assert 'datetime="2026-12-05T20:00:00+08:00"' in html
    assert ">5 December 2026, 20:00<" in html
    with in_chinese():
        assert ">2026年12月5日 20:00<" in formatting.moment(noon)
        assert ">2026年12月5日<" in formatting.moment(noon, "date")
    assert ">5 December 2026, 20:00:00<" in formatting.moment(noon, "exact")


def test_a_date_is_the_date_it_is():
    assert formatting.moment(dt.date(2026, 1, 1)) == (
        '<time datetime="2026-01-01">1 January 2026</time>'
    )
    assert formatting.moment(None) == "–"


# Texts in two languages


def test_the_readers_side_comes_first():
    both = Named("Weather", "天气")
    assert formatting.localized(both, "name") == "Weather"
    with in_chinese():
        assert formatting.localized(both, "name") == "天气"


def test_a_missing_side_shows_the_other_marked_as_such():
    html = formatting.localized(Named(name_zh="天气"), "name")
    assert '<span lang="zh-Hans" class="other-side">天气</span>' in html
    assert "Chinese only" in html
    with in_chinese():
        assert 'lang="en"' in formatting.localized(Named(name_en="Weather"), "name")


def test_localized_text_is_escaped_in_html_and_plain_for_attributes():
    hostile = Named(name_en="<script>")
    assert formatting.localized(hostile, "name") == "&lt;script&gt;"
    assert show('{{ o|localized:"name" }}', o=hostile) == "&lt;script&gt;"
    assert formatting.localized_text(hostile, "name") == "<script>"
    assert formatting.localized(Named(), "name") == ""
    assert formatting.localized(None, "name") == ""


# Markdown


def test_markdown_becomes_safe_html_beneath_the_pages_headings():
    html = show("{{ text|markdown }}", text="# Limits\n\n**No** hail\n\n|a|b|\n|-|-|\n|1|2|\n")
    assert "<h3>Limits</h3>" in html
    assert "<strong>No</strong>" in html
    assert "<td>2</td>" in html


@pytest.mark.parametrize(
    ("text", "forbidden"),
    [
        ("<script>alert(1)</script>", "<script"),
        ("<img src=x onerror=alert(1)>", "<img"),
        ("[x](javascript:alert(1))", '<a href="javascript'),
        ("[x](data:text/html,hi)", '<a href="data'),
        ("![x](https://spy.example/x.png)", "<img"),
    ],
)
def test_markdown_cannot_harm_the_page(text, forbidden):
    assert forbidden not in prose.render(text)


def test_headings_never_go_below_the_sixth_rank():
    assert "<h6>" in prose.render("###### deep", top=4)
