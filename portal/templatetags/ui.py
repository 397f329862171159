"""The components. Each tag is one file in templates/components/; /design/ shows them all.

Block tags:   record, panel, notice, table, stats, empty, figure_chart
Single tags:  action_button, post_button, tag, state_tag, error_summary, field, form_fields,
              stat, steps, tabs, timeline, snippet, pager, chain, task_list
Filters:      hours, card_hours, yuan, kwh, grouped, bytes, short_hash, moment, localized,
              localized_text, markdown
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django import forms, template
from django.core.paginator import Page
from django.template.context import Context
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from portal import formatting, history, prose
from portal.preferences import zone_of

if TYPE_CHECKING:
    from consortium.policies import Decision

register = template.Library()

TONES = frozenset({"ok", "warn", "danger", "info", "neutral", "seal"})
BUTTON_TONES = frozenset({"primary", "quiet", "seal", "danger"})
HEADING_LEVELS = (2, 3, 4)
SHORT_CHOICE = 16  # characters

# The tone of a state, by its stored value, whatever the noun. A state not named here is neutral.
STATE_TONES: dict[str, str] = {
    # Work in hand
    **dict.fromkeys(
        (
            *("submitted", "in-review", "technical-review", "peer-review", "ranked", "checks"),
            *("under-review", "due-diligence", "vote", "open", "requested", "countered"),
            *("published", "transfer-gate", "queued", "running", "feasible"),
        ),
        "info",
    ),
    # In force
    **dict.fromkeys(
        ("active", "released", "offered", "approved", "agreed", "accepted", "passed", "done"), "ok"
    ),
    # Someone has to act, or soon will
    **dict.fromkeys(
        (
            *("returned", "more-info", "waitlisted", "suspended", "embargoed", "withdrawing"),
            *("agreement-sent", "pending", "waiting", "running-low"),
        ),
        "warn",
    ),
    # Refused or ended against someone's wish
    **dict.fromkeys(
        ("rejected", "declined", "revoked", "expelled", "failed", "infeasible", "overdrawn"),
        "danger",
    ),
    # Official acts
    **dict.fromkeys(("awarded", "signed", "resolved"), "seal"),
    # Where a noun means something else by the word
    "amendment.applied": "ok",
    "reclaim.noticed": "warn",
    "reclaim.asked": "warn",
    "reclaim.exempted": "ok",
    "amendment.refused": "danger",
    "machine.published": "ok",
    "machine.maintenance": "warn",
    "maintenancewindow.under-way": "warn",
    "maintenancewindow.planned": "info",
    "maintenancewindow.done": "neutral",
    "reviewassignment.reopened": "warn",
    "reviewassignment.submitted": "ok",
    "waiver.requested": "warn",
    "teammember.invited": "warn",
    "teammember.confirmed": "ok",
    "section.in-progress": "info",
    "section.complete": "ok",
    "acceptance.offered": "warn",
    "acceptance.lapsed": "danger",
    "decisionset.proposed": "warn",
    "decisionset.published": "seal",
    "decisionset.draft": "neutral",
}


# Filters


register.filter("hours", formatting.hours)
register.filter("card_hours", formatting.card_hours)
register.filter("yuan", formatting.yuan)
register.filter("kwh", formatting.kwh)
register.filter("grouped", formatting.grouped)
register.filter("bytes", formatting.filesize)
register.filter("filesize2", formatting.filesize)
register.filter("short_hash", formatting.short_hash)
register.filter("moment", formatting.moment)
register.filter("localized", formatting.localized)
register.filter("localized_text", formatting.localized_text)


@register.filter
def markdown(text: str, top: int = 3) -> SafeString:
    """Markdown as safe HTML in a .prose block; its headings start at h`top`."""
    return format_html('<div class="prose">{}</div>', prose.render(text, top=top))


# Blocks


@register.simple_block_tag
def record(
    content: SafeString,
    *,
    title: str,
    number: str = "",
    kind: str = "",
    state: str = "",
    tone: str = "neutral",
    stamp: str = "",
    lede: str = "",
) -> SafeString:
    """The head of a page about one thing. `stamp` is for official acts only.

    The content stands beneath the title: <p class="meta"> to the left, buttons to the right.
    """
    return render_to_string(
        "components/record.html",
        {
            "title": title,
            "number": number,
            "kind": kind,
            "state": state,
            "tone": _known(tone, TONES, "record"),
            "stamp": stamp,
            "lede": lede,
            "content": _trimmed(content),
        },
    )


@register.simple_block_tag
def panel(content: SafeString, *, title: str, level: int = 2, id: str = "") -> SafeString:  # noqa: A002 - the HTML name
    """A titled section of a page. `level` is the heading's rank, 2 to 4."""
    if level not in HEADING_LEVELS:
        raise template.TemplateSyntaxError(f"panel: level must be 2, 3 or 4, not {level}")
    return render_to_string(
        "components/panel.html", {"title": title, "level": level, "id": id, "content": content}
    )


@register.simple_block_tag
def notice(content: SafeString, tone: str = "info", *, title: str = "") -> SafeString:
    """A paragraph that must not be missed. Tones: info ok warn danger."""
    return render_to_string(
        "components/notice.html",
        {"tone": _known(tone, TONES, "notice"), "title": title, "content": _trimmed(content)},
    )


@register.simple_block_tag
def table(content: SafeString, *, caption: str, hide_caption: bool = False) -> SafeString:
    """A ledger table in a region that scrolls by itself. The content is thead, tbody, tfoot."""
    return render_to_string(
        "components/table.html",
        {"caption": caption, "hide_caption": hide_caption, "content": content},
    )


@register.simple_block_tag
def stats(content: SafeString) -> SafeString:
    """A row of large figures; the content is {% stat %} tags."""
    return format_html('<dl class="stats">{}</dl>', content)


@register.simple_block_tag
def empty(content: SafeString, *, title: str) -> SafeString:
    """What a list says when it has nothing: why, and what to do about it."""
    return render_to_string("components/empty.html", {"title": title, "content": _trimmed(content)})


@register.simple_block_tag
def figure_chart(
    content: SafeString,
    *,
    id: str,  # noqa: A002 - the HTML name
    option: Mapping[str, Any],
    caption: str,
    keep_open: bool = False,
) -> SafeString:
    """An ECharts figure. `option` is plain data; the content is the same data as a {% table %}.

    keep_open: the table stays open under the chart, where it is what the page is for.

    Colours are given as token names ("series-1", "danger"); the browser turns them into the
    colours of the theme, again when the theme changes.
    """
    return render_to_string(
        "components/figure_chart.html",
        {
            "id": id,
            "option": option,
            "caption": caption,
            "content": content,
            "keep_open": keep_open,
        },
    )


@register.inclusion_tag("components/both_times.html", takes_context=True)
def both_times(context: Context, value: datetime | None) -> dict[str, object]:
    """A moment in Beijing time and, where it differs, in the reader's own time zone.

    The server knows the zone from a cookie. Where it does not, the page's script fills in what
    the browser's clock says, and without scripts Beijing time stands alone.
    """
    request = context.get("request")
    zone = zone_of(request) if request is not None else None
    own = ""
    if value is not None and zone is not None and formatting.differs_from_beijing(value, zone):
        own = formatting.in_zone(value, zone)
    return {
        "value": value,
        "own": own,
        "zone": zone.key if zone else "",
        "ask_browser": value is not None and zone is None,
    }


# Buttons


@register.inclusion_tag("components/action_button.html")
def action_button(
    label: str, href: str, decision: Decision | None = None, tone: str = "primary"
) -> dict[str, object]:
    """A link to do something, or the reason why this person cannot. No decision: allowed."""
    return {
        "label": label,
        "href": href,
        "decision": decision,
        "allowed": decision is None or decision.allowed,
        "tone": _known(tone, BUTTON_TONES, "action_button"),
    }


@register.inclusion_tag("components/post_button.html", takes_context=True)
def post_button(  # noqa: PLR0917 - templates read better without seven keywords
    context: Context,
    label: str,
    href: str,
    decision: Decision | None = None,
    tone: str = "primary",
    confirm: str = "",
    name: str = "",
    value: str = "",
) -> dict[str, object]:
    """A form of one button, which posts. With `confirm` it first opens that sentence."""
    return {
        **action_button(label, href, decision, tone),
        "confirm": confirm,
        "name": name,
        "value": value,
        "csrf_token": context.get("csrf_token"),
    }


# Tags


@register.inclusion_tag("components/tag.html")
def tag(label: str, tone: str = "neutral") -> dict[str, object]:
    """A small label. Tones: ok warn danger info neutral seal."""
    return {"label": label, "tone": _known(tone, TONES, "tag")}


@register.inclusion_tag("components/tag.html")
def state_tag(obj: Any) -> dict[str, object]:
    """The state of `obj` (its `state` and `get_state_display()`), in the tone of that state."""
    noun = type(obj).__name__.lower()
    return {"label": obj.get_state_display(), "tone": state_tone(obj.state, noun)}


def state_tone(state: str, noun: str = "") -> str:
    """The tone of a stored state; both spellings, in_review and in-review, are known."""
    plain = str(state).replace("_", "-")
    return STATE_TONES.get(f"{noun}.{plain}") or STATE_TONES.get(plain, "neutral")


# Forms


@register.inclusion_tag("components/error_summary.html")
def error_summary(form: forms.BaseForm) -> dict[str, object]:
    """What is wrong with `form`, each point linked to its field. Nothing when all is right."""
    fields = [
        {"target": _first_control(bound), "label": bound.label, "errors": bound.errors}
        for bound in form
        if bound.errors and not bound.is_hidden
    ]
    hidden = [error for bound in form.hidden_fields() for error in bound.errors]
    return {"general": [*form.non_field_errors(), *hidden], "fields": fields}


@register.inclusion_tag("components/field.html")
def field(bound: forms.BoundField) -> dict[str, object]:
    """One field: label, help, errors and control, tied to each other for every reader."""
    described = " ".join(
        f"{bound.auto_id}{suffix}"
        for suffix, present in (("_help", bound.help_text), ("_error", bound.errors))
        if present
    )
    attributes: dict[str, Any] = {"aria-describedby": described} if described else {}
    if str(bound.field.widget.attrs.get("placeholder", "")).startswith(str(bound.label)):
        attributes["placeholder"] = False  # it says the label again
    if bound.errors and not _is_group(bound):
        attributes["aria-invalid"] = "true"
    return {
        "field": bound,
        "shape": _shape(bound),
        "described_by": described,
        "inline": _is_short(bound),
        "control": bound.as_widget(attrs={} if _is_group(bound) else attributes),
    }


@register.inclusion_tag("components/form_fields.html")
def form_fields(form: forms.BaseForm, *, paired: bool = False) -> dict[str, object]:
    """All fields of `form` in order, hidden ones included. The error summary is separate.

    A form with many fields names its `groups`: (heading, names of fields). Fields that are in
    no group come first. Within groups, and with `paired`, two fields stand beside each other.
    """
    groups = [
        (heading, [form[name] for name in names if name in form.fields])
        for heading, names in getattr(form, "groups", ())
    ]
    grouped = {bound.name for _heading, fields in groups for bound in fields}
    rest = [bound for bound in form if bound.name not in grouped]
    return {"rest": rest, "groups": groups, "paired": paired}


def _is_group(bound: forms.BoundField) -> bool:
    return bool(bound.widget_type in {"radioselect", "checkboxselectmultiple"}) or isinstance(
        bound.field.widget, forms.MultiWidget
    )


def _is_short(bound: forms.BoundField) -> bool:
    """Whether the choices of a radio set fit beside each other."""
    if not isinstance(bound.field.widget, forms.RadioSelect):
        return False
    choices = bound.field.widget.choices
    return isinstance(choices, list) and all(len(str(text)) <= SHORT_CHOICE for _, text in choices)


def _shape(bound: forms.BoundField) -> str:
    if bound.is_hidden:
        return "hidden"
    if isinstance(bound.field.widget, forms.CheckboxInput):
        return "checkbox"
    return "group" if _is_group(bound) else "plain"


def _first_control(bound: forms.BoundField) -> str:
    """The id an error link jumps to: the group's own, because a radio set has no single input."""
    return f"{bound.auto_id}_group" if _is_group(bound) else bound.id_for_label or bound.auto_id


# Parts of a page


@register.inclusion_tag("components/stat.html")
def stat(label: str, value: object, unit: str = "", note: str = "") -> dict[str, object]:
    """One figure of {% stats %}, with its unit and where it comes from."""
    return {"label": label, "value": value, "unit": unit, "note": note}


@register.inclusion_tag("components/steps.html")
def steps(items: Iterable[Mapping[str, Any]], label: str = "") -> dict[str, object]:
    """A rail of steps. Each: label, state (done | current | todo), and perhaps href, when."""
    return {"items": list(items), "label": label}


@register.inclusion_tag("components/tabs.html")
def tabs(items: Iterable[Mapping[str, Any]], label: str = "") -> dict[str, object]:
    """Views of one thing, as links. Each: label, href, current (bool)."""
    return {"items": list(items), "label": label}


@register.inclusion_tag("components/tabs.html", takes_context=True)
def account_tabs(context: Context) -> dict[str, object]:
    """The pages where people manage their own account (allauth's, in our words)."""
    here = context["request"].path
    pages = (
        (_("E-mail"), "account_email"),
        (_("Password"), "account_change_password"),
        (_("Two-step sign-in"), "mfa_index"),
        (_("Sessions"), "usersessions_list"),
    )
    items = [
        {"label": label, "href": reverse(name), "current": here.startswith(reverse(name))}
        for label, name in pages
    ]
    return {"items": items, "label": _("Your account")}


@register.inclusion_tag("components/timeline.html")
def timeline(events: Iterable[Any]) -> dict[str, object]:
    """What happened, in the order given. Each event: at, label, actor_name, perhaps detail."""
    return {"events": [(event, history.told(event), history.who(event)) for event in events]}


@register.inclusion_tag("components/snippet.html")
def snippet(code: str, label: str = "") -> dict[str, object]:
    """Code to copy. `label` says what it is; it is read out and not shown."""
    return {"code": code, "label": label}


@register.inclusion_tag("components/pager.html", takes_context=True)
def pager(context: Context, page_obj: Page[Any], parameter: str = "page") -> dict[str, object]:
    """Previous and next page, keeping the filter in the query string."""
    query = context["request"].GET.copy()
    links = {}
    if page_obj.has_previous():
        query[parameter] = str(page_obj.previous_page_number())
        links["previous"] = f"?{query.urlencode()}"
    if page_obj.has_next():
        query[parameter] = str(page_obj.next_page_number())
        links["next"] = f"?{query.urlencode()}"
    return {"page": page_obj, **links}


@register.inclusion_tag("components/chain.html")
def chain(links: Iterable[Mapping[str, Any]]) -> dict[str, object]:
    """The provenance chain. Each: kind, number, title, href, evidence [(label, value)], ok."""
    return {"links": list(links)}


@register.inclusion_tag("components/task_list.html")
def task_list(tasks: Iterable[Any]) -> dict[str, object]:
    """What needs me. Each task: verb, title, href, why, due, tone."""
    return {"tasks": list(tasks), "now": timezone.now()}


@register.simple_tag
def unique_id(prefix: str = "u") -> str:
    """An id that no other element of the page has."""
    return f"{prefix}-{secrets.token_hex(4)}"


def _trimmed(content: SafeString) -> SafeString:
    """The content of a block without the blanks around it, so that an empty one is empty."""
    return SafeString(content.strip())


def _known(value: str, allowed: frozenset[str], where: str) -> str:
    if value not in allowed:
        names = ", ".join(sorted(allowed))
        raise template.TemplateSyntaxError(f"{where}: {value!r} is not one of {names}")
    return value
