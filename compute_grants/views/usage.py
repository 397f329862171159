"""Accounting files: what was read, and reading another."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from compute_grants.actions import usage
from compute_grants.forms.allocations import UsageImportForm
from compute_grants.forms.fields import attempt, status_of
from compute_grants.models import UsageImport
from compute_grants.queries.usage import explain
from compute_grants.sacct import COMMAND
from consortium.http import actor
from consortium.roles import Permission, has

PER_PAGE = 25


@require_safe
def usage_import_list(request: HttpRequest) -> HttpResponse:
    rows = UsageImport.objects.visible_to(actor(request)).select_related("machine", "by")
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    can_import = has(request.user, Permission.USAGE_IMPORT)
    context = {"page_obj": page, "can_import": can_import}
    return render(request, "compute_grants/usage_import_list.html", context)


@require_safe
def usage_import(request: HttpRequest, pk: int) -> HttpResponse:
    rows = UsageImport.objects.visible_to(actor(request)).select_related("machine", "by")
    found = get_object_or_404(rows, pk=pk)
    context = {"imported": found, "remarks": explain(found)}
    return render(request, "compute_grants/usage_import_detail.html", context)


@require_http_methods(["GET", "POST"])
def usage_import_create(request: HttpRequest) -> HttpResponse:
    user = actor(request)
    posted = request.method == "POST"
    form = UsageImportForm(
        request.POST if posted else None, request.FILES if posted else None, user=user
    )
    made: list[UsageImport] = []

    def act() -> None:
        given = form.cleaned_data
        imported = usage.import_sacct(
            machine=given["machine"],
            stream=given["file"].file,
            source=given["file"].name,
            by=user,
            skip_bad=given["skip_bad"],
        )
        made.append(imported)

    if form.is_valid() and attempt(form, act):
        messages.success(request, _("The file was read."))
        return redirect(made[0])
    context = {"form": form, "command": COMMAND}
    return render(request, "compute_grants/usage_import_form.html", context, status=status_of(form))
