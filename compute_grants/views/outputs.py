"""Outputs of grants: the list and its downloads, one of them, adding and changing."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from compute_grants import exports
from compute_grants.actions import outputs as actions
from compute_grants.forms.fields import attempt, status_of
from compute_grants.forms.outputs import OutputForm
from compute_grants.models import GrantReport, Output
from compute_grants.policies import outputs as policy
from compute_grants.queries import outputs as queries
from consortium import audit
from consortium.http import actor

PER_PAGE = 25
SHOWN = 30
FILTERS = ("kind", "year", "grant")


def _narrowed(request: HttpRequest) -> tuple[Any, dict[str, str]]:
    given = {name: request.GET.get(name, "") for name in FILTERS}
    return queries.filtered(queries.output_rows(actor(request)), given), given


def _visible(request: HttpRequest, number: str) -> Output:
    return get_object_or_404(queries.output_rows(actor(request)), number=number)


@require_safe
def output_list(request: HttpRequest) -> HttpResponse:
    user = actor(request)
    rows, given = _narrowed(request)
    context = {
        "page_obj": Paginator(rows, PER_PAGE).get_page(request.GET.get("page")),
        "given": given,
        "query": request.GET.urlencode(),
        "kinds": Output.Kind.choices,
        "years": [(str(year), str(year)) for year in queries.years(user)],
        "may_add": queries.grants_of(user).exists(),
    }
    return render(request, "compute_grants/output_list.html", context)


@require_safe
def outputs_csv(request: HttpRequest) -> StreamingHttpResponse:
    """What the filter shows, all of it."""
    rows, _given = _narrowed(request)
    lines = queries.csv_lines(rows)
    return exports.csv_response(request, "outputs.csv", list(queries.CSV_COLUMNS), lines)


@require_safe
def outputs_bibtex(request: HttpRequest) -> HttpResponse:
    """The same as BibTeX."""
    rows, _given = _narrowed(request)
    answer = HttpResponse(queries.bibtex(rows), content_type="application/x-bibtex; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="outputs.bib"'
    return answer


@require_safe
def output(request: HttpRequest, number: str) -> HttpResponse:
    found = _visible(request, number)
    seen = queries.seen_grants(found, actor(request))
    context = {
        "output": found,
        "grants": seen,
        "bibtex": queries.bibtex([found]),
        "can_edit": policy.can_edit(actor(request), found),
        "history": audit.history(found)[:SHOWN],
    }
    return render(request, "compute_grants/output.html", context)


def _form(request: HttpRequest, initial: dict[str, Any], extra: Output | None = None) -> OutputForm:
    """With the grants that the person may name, and those that the output names already."""
    user = actor(request)
    grants = queries.grants_of(user)
    if extra is not None:
        grants = queries.grants_of(user) | queries.grants_named(extra)
    return OutputForm(
        request.POST or None,
        initial=initial,
        grants=grants.distinct(),
        reports=GrantReport.objects.written_by(user).order_by("-pk"),
    )


@require_http_methods(["GET", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    asked = queries.grants_of(actor(request)).filter(number=request.GET.get("grant", ""))
    form = _form(request, {"grants": list(asked.values_list("pk", flat=True))})
    if form.is_valid() and attempt(form, lambda: _add(request, form)):
        messages.success(request, _("The output was recorded."))
        return redirect("compute_grants:output_list")
    context = {"form": form, "output": None, "title": _("Add an output")}
    return render(request, "compute_grants/output_form.html", context, status=status_of(form))


def _add(request: HttpRequest, form: OutputForm) -> None:
    data = form.cleaned_data
    by = actor(request)
    actions.add(form.work(), grants=list(data["grants"]), report=data["report"], by=by)


@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, number: str) -> HttpResponse:
    found = _visible(request, number)
    policy.can_edit(actor(request), found).require()
    form = _form(request, OutputForm.stored(found), found)
    if form.is_valid() and attempt(form, lambda: _change(request, found, form)):
        messages.success(request, _("Saved."))
        return redirect(found)
    context = {"form": form, "output": found, "title": _("Change the output")}
    return render(request, "compute_grants/output_form.html", context, status=status_of(form))


def _change(request: HttpRequest, found: Output, form: OutputForm) -> None:
    data = form.cleaned_data
    actions.change(
        found,
        form.work(),
        grants=list(data["grants"]),
        report=data["report"],
        by=actor(request),
    )


@require_POST
def remove(request: HttpRequest, number: str) -> HttpResponse:
    actions.remove(_visible(request, number), by=actor(request))
    messages.success(request, _("The output was taken back."))
    return redirect("compute_grants:output_list")
