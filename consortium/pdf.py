"""Official documents as PDF, in both languages at once: A4, made by WeasyPrint.

A template extends layouts/print.html and is rendered once for each language; the parts follow one
another in one document. Only the project's static files are read while it is laid out: whatever a
text refers to, nothing is fetched from the network or from the disk.
"""

from __future__ import annotations

import io
import mimetypes
from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.contrib.staticfiles import finders
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from consortium.errors import DomainError

BOTH = ("zh-hans", "en")
SCHEME = "project:///"
_LANG = {"zh-hans": "zh-Hans", "en": "en"}


class PdfUnavailable(DomainError):
    """This machine lacks what lays out PDF documents (libpangoft2 and fonts). HTTP 503."""

    status = 503


def render_html(
    template: str, context: Mapping[str, Any], *, languages: Sequence[str] = BOTH
) -> str:
    """The whole document as HTML, with its style sheet named by `project:///`.

    `context` may hold `number` (of the record), `digest` (SHA-256 of what it attests) and `at`
    (its moment, by default now): they stand at the foot of every page.
    """
    shared = {"at": timezone.now(), "site": settings.SITE_NAME} | dict(context)
    parts = []
    for language in languages:
        with translation.override(language):
            part = render_to_string(template, shared | {"lang": _LANG[language]})
            parts.append({"lang": _LANG[language], "html": part})
    return render_to_string(
        "layouts/print_document.html", shared | {"parts": parts, "lang": _LANG[languages[0]]}
    )


def render_pdf(
    template: str, context: Mapping[str, Any], *, languages: Sequence[str] = BOTH
) -> bytes:
    """The document as PDF/UA bytes. See render_html for the context. Raises PdfUnavailable."""
    try:
        import weasyprint  # noqa: PLC0415  it loads the system's pango, which may be missing
    except (ImportError, OSError) as error:
        message = _("This portal cannot make PDF documents now. Print the page instead.")
        raise PdfUnavailable(message) from error
    html = weasyprint.HTML(
        string=render_html(template, context, languages=languages),
        base_url=SCHEME,
        url_fetcher=_fetcher(),
    )
    out = io.BytesIO()
    html.write_pdf(out, pdf_variant="pdf/ua-1")
    return out.getvalue()


def _fetcher() -> Any:
    """What WeasyPrint asks for every address in a document: ours are found, no other is."""
    from weasyprint.urls import URLFetcher, URLFetcherResponse  # noqa: PLC0415  see render_pdf

    class StaticOnly(URLFetcher):  # type: ignore[misc]
        def fetch(self, url: str, headers: Any = None) -> Any:  # noqa: ARG002  its signature
            return URLFetcherResponse(url, body=static_bytes(url), headers=_headers(url))

    return StaticOnly()


def static_bytes(url: str) -> bytes:
    """A static file of the project by its `project:///` address. Raises ValueError for others."""
    name = url.removeprefix(SCHEME)
    if name == url or not name or ".." in name.split("/"):
        raise ValueError(f"{url} is not one of the project's static files")
    found = finders.find(name)
    if not isinstance(found, str):
        raise ValueError(f"there is no static file {name}")  # noqa: TRY004  the address is wrong
    with open(found, "rb") as file:  # noqa: PTH123  finders give a str
        return file.read()


def _headers(url: str) -> dict[str, str]:
    kind, _encoding = mimetypes.guess_type(url)
    return {"Content-Type": kind or "application/octet-stream"}
