"""Every component and filter of portal/templatetags/ui.py."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import pytest
from django import forms
from django.core.paginator import Paginator
from django.template import Context, Template, TemplateSyntaxError
from django.test import RequestFactory
from django.utils import translation

from consortium.inbox import Task
from consortium.policies import ALLOW, deny
from portal import formatting, prose
from portal.formatting import BEIJING

HOUR = 3600
KWH = 3_600_000


@dataclass
class Named:
    name_en: str = ""
    name_zh: str = ""


@dataclass
class Stateful:
    state: str

    def get_state_display(self) -> str:
        return self.state.title()


class Sample(forms.Form):
    title = forms.CharField(help_text="Short.")
    note = forms.CharField(required=False, widget=forms.Textarea)
    stage = forms.ChoiceField(widget=forms.RadioSelect, choices=[("a", "A"), ("b", "B")])
    agree = forms.BooleanField()
    files = forms.FileField(required=False)
    secret = forms.CharField(widget=forms.HiddenInput, required=False)


def show(source: str, **context: object) -> str:
    request = RequestFactory().get("/list/", {"q": "water", "page": "2"})
    return Template(source).render(Context({"request": request, **context}))


def in_chinese():
    return translation.override("zh-hans")


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
    assert ">2026-12-05 20:00:00<" in formatting.moment(noon, "exact")


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


# Blocks


def test_record_shows_what_it_is_given_and_nothing_else():
    html = show(
        '{% record title=title number="G-1" kind="Grant" state="Active" tone="ok" '
        'stamp="Awarded" %}<a href="#">Go</a>{% endrecord %}',
        title="A & B",
    )
    assert "<h1>A &amp; B</h1>" in html
    assert '<span class="code" translate="no">G-1</span>' in html
    assert '<span class="stamp">Awarded</span>' in html
    assert "tag--ok" in html
    assert '<a href="#">Go</a>' in html
    bare = show('{% record title="A" %}{% endrecord %}')
    assert "stamp" not in bare
    assert "eyebrow" not in bare
    assert "record__bar" not in bare


def test_panel_has_a_heading_of_the_rank_asked_for():
    html = show('{% panel title="Hours" level=3 id="hours" %}<p>x</p>{% endpanel %}')
    assert '<section class="panel" id="hours">' in html
    assert "<h3" in html
    assert "<p>x</p>" in html
    with pytest.raises(TemplateSyntaxError):
        show('{% panel title="Hours" level=1 %}{% endpanel %}')


def test_notice_alerts_only_when_something_is_lost():
    assert 'role="alert"' in show('{% notice "danger" title="T" %}x{% endnotice %}')
    assert 'role="alert"' not in show('{% notice "warn" %}x{% endnotice %}')
    with pytest.raises(TemplateSyntaxError):
        show('{% notice "loud" %}x{% endnotice %}')


def test_table_is_a_region_one_can_reach_and_scroll():
    html = show('{% table caption="Ledger" %}<tbody></tbody>{% endtable %}')
    assert 'role="region" aria-label="Ledger" tabindex="0"' in html
    assert '<table class="data">' in html
    assert "<caption>Ledger</caption>" in html


def test_stats_are_a_list_of_terms():
    html = show('{% stats %}{% stat "Left" "157k" "card-hours" "as of noon" %}{% endstats %}')
    assert '<dl class="stats">' in html
    assert "<dt>Left</dt>" in html
    assert '<span class="stats__unit">card-hours</span>' in html
    assert "as of noon" in html


def test_empty_says_why():
    html = show('{% empty title="No proposals" %}<p>Write one.</p>{% endempty %}')
    assert "No proposals" in html
    assert "<p>Write one.</p>" in html


def test_chart_carries_its_data_twice_and_cannot_break_out_of_its_json():
    option = {"series": [{"name": "</script><b>"}]}
    html = show(
        '{% figure_chart id="burn" option=o caption="Burn-down" %}<p>table</p>'
        "{% endfigure_chart %}",
        o=option,
    )
    assert 'id="burn-option" type="application/json"' in html
    assert "</script><b>" not in html
    assert "<p>table</p>" in html
    assert "Burn-down" in html
    assert "style=" not in html


# Buttons and tags


def test_action_button_is_a_link_or_the_reason_why_not():
    open_ = show('{% action_button "Go" "/x" d %}', d=ALLOW)
    assert '<a class="button" href="/x">Go</a>' in open_
    shut = show('{% action_button "Go" "/x" d %}', d=deny("The call is closed."))
    assert "<a" not in shut
    assert "The call is closed." in shut
    assert "button--off" in shut
    assert "button--seal" in show('{% action_button "Sign" "/x" d tone="seal" %}', d=ALLOW)


def test_post_button_posts_with_a_token_or_does_not_exist():
    html = show('{% post_button "Close" "/x" d %}', d=ALLOW, csrf_token="abc")
    assert 'method="post" action="/x"' in html
    assert 'name="csrfmiddlewaretoken" value="abc"' in html
    assert "<form" not in show('{% post_button "Close" "/x" d %}', d=deny("No."))


def test_post_button_asks_first_when_told_to():
    html = show('{% post_button "Close" "/x" d confirm="This ends it." %}', d=ALLOW)
    assert html.index("<summary") < html.index("This ends it.") < html.index("<button")


@pytest.mark.parametrize(
    ("state", "tone"),
    [
        ("active", "ok"),
        ("in_review", "info"),
        ("in-review", "info"),
        ("awarded", "seal"),
        ("odd", "neutral"),
    ],
)
def test_state_tag_wears_the_tone_of_the_state(state, tone):
    assert f"tag--{tone}" in show("{% state_tag o %}", o=Stateful(state))


def test_tag_refuses_an_unknown_tone():
    with pytest.raises(TemplateSyntaxError):
        show('{% tag "x" "purple" %}')


# Forms


def test_an_error_is_tied_to_its_field():
    html = show("{% field form.title %}", form=Sample({"title": ""}))
    assert 'aria-describedby="id_title_help id_title_error"' in html
    assert 'aria-invalid="true"' in html
    assert 'id="id_title_help"' in html
    assert 'id="id_title_error"' in html
    assert '<label class="field__label" for="id_title">' in html


def test_a_field_is_required_unless_it_says_optional():
    form = Sample()
    assert "(optional)" not in show("{% field form.title %}", form=form)
    assert "required" in show("{% field form.title %}", form=form)
    assert "(optional)" in show("{% field form.note %}", form=form)


def test_choices_are_a_fieldset_and_a_checkbox_is_not():
    form = Sample({"title": "x"})
    radios = show("{% field form.stage %}", form=form)
    assert '<fieldset class="field field--bad" id="id_stage_group"' in radios
    assert 'aria-describedby="id_stage_error"' in radios
    assert "<legend" in radios
    box = show("{% field form.agree %}", form=form)
    assert "<fieldset" not in box
    assert box.index("<input") < box.index("<label")


def test_the_summary_links_each_error_to_something_on_the_page():
    form = Sample({"title": ""})
    page = show("{% error_summary form %}{% form_fields form %}", form=form)
    for target in ("id_title", "id_stage_group", "id_agree"):
        assert f'href="#{target}"' in page
        assert f'id="{target}"' in page
    assert show("{% error_summary form %}", form=Sample()).strip() == ""


def test_form_fields_bring_hidden_ones_along():
    html = show("{% form_fields form %}", form=Sample())
    assert '<input type="hidden" name="secret"' in html
    assert "Secret" not in html
    assert 'type="file"' in html


# Parts of a page


def test_steps_say_where_one_is_in_words():
    items = [
        {"label": "Team", "state": "done", "href": "/t"},
        {"label": "Check", "state": "current"},
        {"label": "Submit", "state": "todo", "when": "after 5 December"},
    ]
    html = show("{% steps items %}", items=items)
    assert "Complete" in html
    assert '<span aria-current="step">Check</span>' in html
    assert "after 5 December" in html


def test_tabs_mark_the_current_view():
    html = show("{% tabs items %}", items=[{"label": "A", "href": "/a", "current": True}])
    assert '<a href="/a" aria-current="page">A</a>' in html


def test_timeline_names_who_did_what_when():
    @dataclass
    class Event:
        at: dt.datetime
        label: str
        actor_name: str
        detail_text: str

    event = Event(dt.datetime(2026, 11, 24, 9, 40, tzinfo=BEIJING), "Awarded", "Zhou Min", "7 of 9")
    html = show("{% timeline events %}", events=[event])
    for expected in ("Awarded", "Zhou Min", "7 of 9", "24 November 2026, 09:40"):
        assert expected in html


def test_snippet_shows_code_as_code():
    html = show("{% snippet code %}", code="print('<hi>')")
    assert "print(&#x27;&lt;hi&gt;&#x27;)" in html
    assert "data-copy" in html


def test_pager_keeps_the_filter():
    html = show("{% pager page %}", page=Paginator(range(100), 20).page(2))
    assert 'href="?q=water&amp;page=1"' in html
    assert 'href="?q=water&amp;page=3"' in html
    assert "Page 2 of 5" in html
    assert show("{% pager page %}", page=Paginator(range(3), 20).page(1)).strip() == ""


def test_chain_shows_evidence_and_what_is_broken():
    links = [
        {
            "kind": "Grant",
            "number": "G-1",
            "title": "T",
            "href": "/g",
            "evidence": [("Hours", "9")],
            "ok": True,
        },
        {"kind": "Release", "title": "R", "ok": False},
        {"kind": "Licence", "title": "L"},
    ]
    html = show("{% chain links %}", links=links)
    assert '<a href="/g">T</a>' in html
    assert "<dt>Hours</dt><dd>9</dd>" in html
    assert html.count("chain__link--broken") == 1
    assert html.count("Evidence missing") == 1
    assert html.count("Checked") == 1


def test_the_first_task_has_the_loudest_button():
    tasks = [
        Task("Review", "P-1", "/1", "Why."),
        Task("Sign", "L-1", "/2", "Why.", tone="seal"),
        Task("Read", "N", "/3", "Why."),
    ]
    html = show("{% task_list tasks %}", tasks=tasks)
    assert '<a class="button" href="/1">Review' in html
    assert '<a class="button button--seal" href="/2">' in html
    assert '<a class="button button--quiet" href="/3">' in html
