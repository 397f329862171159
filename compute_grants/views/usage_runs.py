"""Job runs of all grants that one may see: the rows behind figures of use and energy."""

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from compute_grants import exports
from compute_grants.models import UsageRecord
from compute_grants.queries import narrowing, usage
from compute_grants.queries.usage_charge import charge_of
from consortium.http import actor

PER_PAGE = 50


@require_safe
def usage_run_list(request: HttpRequest) -> HttpResponse:
    rows, narrowed = _narrowed(request)
    context = {
        "page_obj": Paginator(rows, PER_PAGE).get_page(request.GET.get("page")),
        "narrowed": narrowed,
        "stage": request.GET.get("stage", ""),
        "stages": UsageRecord.Stage.choices,
        "source": request.GET.get("source", ""),
        "sources": UsageRecord.EnergySource.choices,
    }
    return render(request, "compute_grants/usage_run_list.html", context)


@require_safe
def usage_run(request: HttpRequest, pk: int) -> HttpResponse:
    run = get_object_or_404(usage.run_rows(actor(request)).select_related("charging_rule"), pk=pk)
    context = {"run": run, "charge": charge_of(run)}
    return render(request, "compute_grants/usage_run.html", context)


@require_safe
def usage_run_csv(request: HttpRequest) -> StreamingHttpResponse:
    """The runs that the list shows, all of them. Times in UTC, smallest units."""
    rows, _narrowed_to = _narrowed(request)
    return exports.runs_csv(request, "job-runs.csv", rows)


def _narrowed(request: HttpRequest) -> tuple[QuerySet[UsageRecord], narrowing.Narrowed]:
    user = actor(request)
    return narrowing.runs(usage.run_rows(user), request.GET, user)
