"""Closing grants: the checklist of one, many at once, the statement, and an early end."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from compute_grants.actions import closures as actions
from compute_grants.forms.closures import BulkForm, EndEarlyForm
from compute_grants.forms.fields import attempt, status_of
from compute_grants.models import Closure
from compute_grants.policies import closures as policy
from compute_grants.queries import closures as queries
from compute_grants.queries.reports import Figures
from compute_grants.views.allocations import visible
from consortium.http import actor
from consortium.pdf import render_pdf

PER_PAGE = 25


@require_http_methods(["GET", "POST"])
def closure_list(request: HttpRequest) -> HttpResponse:
    """Grants that ended with what each still lacks; chosen ones are closed after a second look."""
    user = actor(request)
    rows = queries.waiting(user)
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    form = BulkForm(request.POST or None, grants=rows)
    chosen = queries.checklists(form.cleaned_data["grants"]) if form.is_valid() else []
    if chosen and request.POST.get("act") == "close":
        grants = [found.allocation for found in chosen]
        outcomes = actions.close_many(grants, by=user)
        return render(request, "compute_grants/closure_outcomes.html", {"outcomes": outcomes})
    if chosen:
        return render(request, "compute_grants/closure_confirm.html", {"chosen": chosen})
    context = {
        "page_obj": page,
        "rows": queries.checklists(page.object_list),
        "may_close": policy.is_office(user),
        "form": form,
    }
    return render(request, "compute_grants/closure_list.html", context, status=status_of(form))


@require_http_methods(["GET", "POST"])
def closure(request: HttpRequest, number: str) -> HttpResponse:
    """The checklist; once closed, the statement."""
    user = actor(request)
    found = visible(request, number)
    made = Closure.objects.filter(allocation=found).select_related("closed_by").first()
    if made is not None:
        made.allocation = found
        return _statement(request, made)
    refused = None
    if request.method == "POST":
        outcome = actions.close_many([found], by=user)[0]
        if outcome.closure is not None:
            messages.success(request, _("The books are closed. The lead is told."))
            return redirect(outcome.closure)
        refused = outcome.reason
    context = {
        "allocation": found,
        "checklist": queries.checklist(found),
        "can_close": policy.can_close_books(user, found),
        "can_end_early": policy.can_end_early(user, found),
        "refused": refused,
    }
    status = 409 if refused else 200
    return render(request, "compute_grants/closure_checklist.html", context, status=status)


def _statement(request: HttpRequest, made: Closure) -> HttpResponse:
    context = _facts(made) | {"allocation": made.allocation, "late": queries.since(made)}
    return render(request, "compute_grants/closure.html", context)


def _facts(made: Closure) -> dict[str, object]:
    return {
        "closure": made,
        "content": made.content,
        "figures": Figures.of(made.content["figures"]),
        "resource": made.allocation.resource,
    }


@require_safe
def statement(request: HttpRequest, number: str) -> HttpResponse:
    """The closing statement in both languages as PDF."""
    found = visible(request, number)
    made = Closure.objects.filter(allocation=found).first()
    if made is None:
        raise Http404
    made.allocation = found
    context = _facts(made) | {
        "number": found.number,
        "digest": made.content_hash,
        "at": made.closed_at,
    }
    data = render_pdf("compute_grants/closure_statement.html", context)
    answer = HttpResponse(data, content_type="application/pdf")
    answer["Content-Disposition"] = f'inline; filename="{found.number}-closing.pdf"'
    return answer


@require_http_methods(["GET", "POST"])
def end_early(request: HttpRequest, number: str) -> HttpResponse:
    """The lead ends the grant before its last day, on a page of its own."""
    found = visible(request, number)
    policy.can_end_early(actor(request), found).require()
    form = EndEarlyForm(request.POST or None)
    if form.is_valid() and attempt(
        form, lambda: actions.end_early(found, **form.cleaned_data, by=actor(request))
    ):
        messages.success(request, _("The grant is closed. Its final report is due now."))
        return redirect("compute_grants:closure", found.number)
    context = {
        "allocation": found,
        "form": form,
        "title": _("End the grant early"),
        "warning": _(
            "Running jobs end, planned parts return to the call, and requests that wait for a "
            "decision are withdrawn. A closed grant cannot be opened again."
        ),
        "button": _("End the grant now"),
        "tone": "danger",
    }
    return render(request, "compute_grants/allocation_form.html", context, status=status_of(form))
