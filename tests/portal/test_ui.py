"""The components: what each shows, and what it refuses."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace

import pytest
from django import forms
from django.core.paginator import Paginator
from django.template import TemplateSyntaxError

from consortium.inbox import Task
from consortium.policies import ALLOW, deny
from portal.formatting import BEIJING
from tests.portal.showing import Sample, Stateful, show

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


class Grouped(forms.Form):
    groups = (("Size", ("nodes", "cards")),)

    nodes = forms.IntegerField()
    cards = forms.IntegerField()
    code = forms.CharField()


def test_form_fields_stand_under_the_headings_that_the_form_gives():
    html = show("{% form_fields form %}", form=Grouped())
    assert html.count("<legend>Size</legend>") == 1
    places = [html.index(f'id="id_{name}"') for name in ("code", "nodes", "cards")]
    assert places == sorted(places)
    assert html.index("<legend>") > places[0]


@pytest.mark.parametrize(("label", "beside"), [("in order", True), ("a sentence of words", False)])
def test_short_answers_stand_beside_each_other(label, beside):
    class Asked(forms.Form):
        answer = forms.ChoiceField(choices=[("a", label)], widget=forms.RadioSelect)

    html = show("{% form_fields form %}", form=Asked())
    assert ("field__choices--inline" in html) is beside


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


def event(**changed):
    given = {
        "at": dt.datetime(2026, 11, 24, 9, 40, tzinfo=BEIJING),
        "label": "Awarded",
        "actor_name": "Zhou Min",
        "actor_id": 7,
        "detail": {},
    }
    return SimpleNamespace(**given | changed)


def test_timeline_names_who_did_what_when():
    html = show("{% timeline events %}", events=[event(detail={"reason": "7 of 9 <b>"})])
    for expected in ("Awarded", "Zhou Min", "Reason", "7 of 9 &lt;b&gt;"):
        assert expected in html
    assert "24 November 2026, 09:40" in html


def test_timeline_tells_people_words_and_leaves_ids_and_hashes_to_the_log():
    detail = {"due_on": "2026-12-09", "seconds": 1080000, "sha256": "ab" * 32, "kind": "renewal"}
    html = show("{% timeline events %}", events=[event(detail=detail, actor_id=None)])
    assert '<time datetime="2026-12-09">9 December 2026</time>' in html
    assert "300.0" in html
    assert "the portal itself" in html
    for kept_back in ("due_on", "1080000", "abab", "renewal", "Zhou Min"):
        assert kept_back not in html


def test_a_timeline_of_nothing_says_so():
    assert "Nothing is recorded yet." in show("{% timeline events %}", events=[])


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
