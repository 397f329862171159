"""A call's scores, raw and adjusted for how strict its reviewers are."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from compute_grants.exports import csv_response
from compute_grants.matching.normalise import DRAWS, RIDGE
from compute_grants.models import Call
from compute_grants.policies import normalisation as policy
from compute_grants.queries import normalised as queries
from compute_grants.queries.rounds import rounds_of
from consortium.http import actor

PER_PAGE = 50
CSV_COLUMNS = ["proposal", "raw", "adjusted", "standard_error", "rank_low", "rank_high", "group"]


def _call(request: HttpRequest, code: str) -> Call:
    call = get_object_or_404(Call.objects.visible_to(actor(request)), code=code)
    policy.can_read_adjusted(actor(request), call).require()
    return call


@require_safe
def normalisation(request: HttpRequest, code: str) -> HttpResponse:
    call, user = _call(request, code), actor(request)
    rounds = rounds_of(call, request.GET.get("round", ""))
    found = queries.reviewed(call, rounds.chosen)
    rows = queries.score_rows(call, found, user)
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    strict = policy.can_read_strictness(user)
    context = {
        "call": call,
        "rounds": rounds,
        "found": found,
        "page_obj": page,
        "chart": queries.score_chart(list(page.object_list)),
        "drawn": any(row.adjusted for row in page.object_list),
        "people": queries.strict_rows(found) if strict else [],
        "strict": strict,
        "ridge": RIDGE,
        "draws": DRAWS,
    }
    return render(request, "compute_grants/normalisation.html", context)


@require_safe
def normalisation_csv(request: HttpRequest, code: str) -> StreamingHttpResponse:
    """What this person sees of it."""
    call = _call(request, code)
    rounds = rounds_of(call, request.GET.get("round", ""))
    found = queries.reviewed(call, rounds.chosen)
    rows = queries.score_rows(call, found, actor(request))
    lines = (
        [
            row.number,
            f"{row.raw:.4f}",
            f"{row.adjusted.score:.4f}",
            f"{row.adjusted.error:.4f}",
            row.adjusted.rank_low,
            row.adjusted.rank_high,
            row.group + 1,
        ]
        for row in rows
        if row.adjusted
    )
    return csv_response(request, f"{call.code}-scores.csv", CSV_COLUMNS, lines)
