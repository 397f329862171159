"""Receipts, statements of how they were shared, and the provenance of a licence."""

from __future__ import annotations

import csv
from fractions import Fraction

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from compute_grants.forms.fields import attempt, status_of
from consortium import audit
from consortium.http import actor
from registry.actions import money
from registry.forms.licensing import ReceiptForm
from registry.models import Licence, RevenueStatement
from registry.policies import licences as policies
from registry.queries import provenance as chain
from registry.queries.statements import lines_of, totals_for
from registry.views.licences import visible_licence
from registry.views.posted import posted

PER_PAGE = 30


@require_http_methods(["GET", "POST"])
def receipt_create(request: HttpRequest, number: str) -> HttpResponse:
    """Record a payment; it is shared and posted at once."""
    found, user = visible_licence(request, number), actor(request)
    policies.can_record_receipt(user, found).require()
    form = ReceiptForm(posted(request))
    made: list[RevenueStatement] = []
    if form.is_valid() and attempt(
        form, lambda: made.append(money.record_receipt(found, **form.cleaned_data, by=user))
    ):
        messages.success(request, _("Recorded and shared."))
        return redirect(made[0])
    context = {"licence": found, "form": form}
    return render(request, "registry/receipt_create.html", context, status=status_of(form))


def visible_statement(request: HttpRequest, number: str) -> RevenueStatement:
    """The statement this person may see. Raises Http404."""
    rows = RevenueStatement.objects.visible_to(actor(request)).shown()
    return get_object_or_404(rows, number=number)


@require_safe
def statement_list(request: HttpRequest) -> HttpResponse:
    rows = RevenueStatement.objects.visible_to(actor(request)).shown()
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    context = {"page": page, "totals": totals_for(actor(request))}
    return render(request, "registry/statement_list.html", context)


@require_safe
def statement(request: HttpRequest, number: str) -> HttpResponse:
    found = visible_statement(request, number)
    sees_terms = Licence.objects.visible_to(actor(request)).filter(pk=found.licence.pk).exists()
    context = {
        "statement": found,
        "lines": lines_of(found),
        "sees_licence": sees_terms,
        "history": audit.history(found),
    }
    return render(request, "registry/statement.html", context)


@require_safe
def statement_csv(request: HttpRequest, number: str) -> HttpResponse:
    """The lines as CSV, one row per part of a share; amounts in fen, fractions exact."""
    found = visible_statement(request, number)
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{found.number}.csv"'
    writer = csv.writer(response)
    writer.writerow(
        [
            "party",
            "basis",
            "checkpoint",
            "entitled_fen",
            "fraction_of_net",
            "amount_fen",
            "transfer",
        ]
    )
    for line in lines_of(found):
        for part in line.parts:
            entitled = Fraction(part["entitled"])
            share = str(entitled / found.net_fen)
            writer.writerow(
                [line.slug, part["basis"], part["checkpoint"], str(entitled), share, "", ""]
            )
        writer.writerow([line.slug, "total", "", line.entitled, "", line.amount_fen, line.transfer])
    return response


@require_safe
def licence_provenance(request: HttpRequest, number: str) -> HttpResponse:
    """Every link behind a licence, its evidence computed again for this very page."""
    rows = Licence.objects.traceable_by(actor(request)).filter(state__in=Licence.ISSUED)
    found = get_object_or_404(rows.shown(), number=number)
    links = chain.provenance(found)
    context = {
        "licence": found,
        "links": links,
        "holds": chain.holds(links),
        "sees_licence": Licence.objects.visible_to(actor(request)).filter(pk=found.pk).exists(),
    }
    return render(request, "registry/licence_provenance.html", context)
