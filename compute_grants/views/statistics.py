"""Reports for funders and centres: the index, one report, its tables as CSV, and on paper."""

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from compute_grants import exports
from compute_grants.forms.fields import status_of
from compute_grants.forms.statistics import ScopeForm
from compute_grants.policies import statistics as policy
from compute_grants.queries import statistics as queries
from compute_grants.queries.statistics.tables import Report, Table
from consortium.http import actor


@require_safe
def statistics_index(request: HttpRequest) -> HttpResponse:
    """What there is to read, and as whom this person reads it."""
    reader = policy.reader(actor(request))
    context = {"reports": queries.index(), "reader": reader}
    return render(request, "compute_grants/statistics_index.html", context)


@require_safe
def statistics(request: HttpRequest, slug: str) -> HttpResponse:
    form, found = _read(request, slug)
    context = {
        "report": found,
        "form": form,
        "chosen": form.chosen,
        "reader": policy.reader(actor(request)),
    }
    template = "statistics_print" if request.GET.get("layout") == "print" else "statistics"
    return render(request, f"compute_grants/{template}.html", context, status=status_of(form))


@require_safe
def statistics_csv(request: HttpRequest, slug: str, table: str) -> StreamingHttpResponse:
    """Exactly the lines that the page shows. Hours in seconds, energy in joules, shares of 1."""
    _form, found = _read(request, slug)
    chosen = next((one for one in found.tables if one.key == table), None)
    if chosen is None:
        raise Http404
    return _csv(request, found, chosen)


def _read(request: HttpRequest, slug: str) -> tuple[ScopeForm, Report]:
    user = actor(request)
    form = ScopeForm(request.GET, reader=policy.reader(user))
    if slug not in queries.REPORTS:
        raise Http404
    return form, queries.read(slug, user, form.asked)


def _csv(request: HttpRequest, report: Report, table: Table) -> StreamingHttpResponse:
    header = [column.key for column in table.columns]
    hidden = _("fewer than 3")
    lines = (
        [hidden if cell.masked else "" if cell.value is None else cell.value for cell in line.cells]
        for line in table.lines
    )
    return exports.csv_response(request, f"{report.slug}-{table.key}.csv", header, lines)
