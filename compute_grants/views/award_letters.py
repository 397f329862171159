"""Letters about decisions: to read, as PDF, and to check one that somebody shows."""

from types import SimpleNamespace

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.dateparse import parse_date, parse_datetime
from django.views.decorators.http import require_safe

from compute_grants.models import DecisionLetter
from compute_grants.queries.award_letters import limits_of
from consortium.http import actor
from consortium.pdf import render_pdf

TEMPLATE = "compute_grants/decision_letter_print.html"


def _letter(request: HttpRequest, number: str) -> DecisionLetter:
    """The newest letter about a proposal, where this person may read it."""
    rows = DecisionLetter.objects.visible_to(actor(request))
    found = rows.filter(decision__proposal__number=number).first()
    if found is None:
        raise Http404
    return found


def _context(request: HttpRequest, letter: DecisionLetter) -> dict[str, object]:
    """What both forms of a letter show. Days and moments as such, not as text."""
    content = letter.content
    lines = [SimpleNamespace(**line) for line in content["lines"]]
    check = reverse("compute_grants:letter_check", args=[letter.sha256])
    return {
        "letter": letter,
        "content": SimpleNamespace(**content | {"lines": lines}),
        "limits": limits_of(letter),
        "decided_at": parse_datetime(content["decided_at"]),
        "starts_on": parse_date(content["starts_on"] or ""),
        "ends_on": parse_date(content["ends_on"] or ""),
        "signed": [
            SimpleNamespace(**row | {"at": parse_datetime(row["at"])}) for row in content["signed"]
        ],
        "check": request.build_absolute_uri(check),
    }


@require_safe
def letter(request: HttpRequest, number: str) -> HttpResponse:
    """What the PDF says, in the reader's language."""
    found = _letter(request, number)
    return render(request, "compute_grants/decision_letter.html", _context(request, found))


@require_safe
def letter_pdf(request: HttpRequest, number: str) -> HttpResponse:
    """The letter in both languages. 503 where this machine cannot lay out documents."""
    found = _letter(request, number)
    body = render_pdf(
        TEMPLATE,
        _context(request, found)
        | {
            "number": found.number,
            "digest": found.sha256,
            "at": found.issued_at,
            "site": settings.SITE_NAME,
        },
    )
    response = HttpResponse(body, content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="{found.number}.pdf"'
    response["Cache-Control"] = "private, no-store"
    return response


@require_safe
def letter_check(request: HttpRequest, sha256: str) -> HttpResponse:
    """For whoever holds a letter: whether one with this fingerprint was issued here.

    It says no more than the letter itself does: its number, call, outcome and day.
    """
    found = DecisionLetter.objects.filter(sha256=sha256).first()
    status = 200 if found else 404
    context = {"letter": found, "sha256": sha256}
    return render(request, "compute_grants/letter_check.html", context, status=status)
