"""Markdown that people wrote, as HTML that cannot harm the page."""

from __future__ import annotations

import re

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

DEEPEST_HEADING = 6
TAGS = {
    *("p", "br", "hr", "em", "strong", "code", "pre", "blockquote", "ul", "ol", "li", "a", "s"),
    *("table", "thead", "tbody", "tr", "th", "td", "h2", "h3", "h4", "h5", "h6"),
}
ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}}
SCHEMES = {"http", "https", "mailto"}
HEADING = re.compile(r"(</?h)([1-6])\b")

_parser = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])


def render(text: str, *, top: int = 3) -> SafeString:
    """HTML of `text`; its first-rank headings become h`top`, so that they fit beneath the page's.

    Raw HTML in the text is shown as text, images are dropped (they would tell a stranger who
    reads), and links give no referrer.
    """
    html = HEADING.sub(lambda found: _demote(found, top), _parser.render(text or ""))
    clean = nh3.clean(
        html,
        tags=TAGS,
        attributes=ATTRIBUTES,
        url_schemes=SCHEMES,
        link_rel="nofollow noopener noreferrer",
    )
    return mark_safe(clean)  # noqa: S308 - cleaned by nh3 on the line above


def _demote(found: re.Match[str], top: int) -> str:
    return f"{found[1]}{min(int(found[2]) + top - 1, DEEPEST_HEADING)}"
