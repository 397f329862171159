"""Reports on grants: the list, reading and judging one, writing, check answers, receipt."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from compute_grants.actions import reports as actions
from compute_grants.forms.fields import attempt, refuse, status_of
from compute_grants.forms.reports import (
    ExtendForm,
    JudgeForm,
    ReportForm,
    SubmitReportForm,
    WaiveForm,
)
from compute_grants.models import GrantReport
from compute_grants.policies import reports as policy
from compute_grants.queries import reports as queries
from consortium import audit
from consortium.errors import DomainError, Invalid
from consortium.http import actor

PER_PAGE = 25
SHOWN = 30
FILTERS = ("state", "kind", "grant", "whose")


def visible(request: HttpRequest, number: str) -> GrantReport:
    """The report, or 404 where this person may not see its grant."""
    return get_object_or_404(queries.report_rows(actor(request)), number=number)


def _to_write(request: HttpRequest, number: str) -> GrantReport:
    report = visible(request, number)
    policy.can_write(actor(request), report).require()
    return report


@require_safe
def report_list(request: HttpRequest) -> HttpResponse:
    user, today = actor(request), timezone.localdate()
    given = {name: request.GET.get(name, "") for name in FILTERS}
    rows = queries.filtered(queries.report_rows(user), given, user, today)
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "page_obj": page,
        "rows": [(report, report.late_on(today)) for report in page.object_list],
        "given": given,
        "states": GrantReport.State.choices,
        "kinds": GrantReport.Kind.choices,
        "whose": [
            ("mine", _("Those I may write")),
            ("judge", _("Those to be judged")),
            ("late", _("Those that are late")),
        ],
    }
    return render(request, "compute_grants/report_list.html", context)


@require_http_methods(["GET", "POST"])
def report(request: HttpRequest, number: str) -> HttpResponse:
    """One report to read; for the office with the form to accept or return it."""
    user = actor(request)
    found = visible(request, number)
    form = JudgeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if attempt(form, lambda: _judge(request, found, form.cleaned_data["reason"])):
            messages.success(request, _("The decision was recorded. The members are told."))
            return redirect(found)
        found = visible(request, number)
    rows = found.submissions.select_related("submitted_by")
    submission = rows.first() if found.submitted_at else None
    late = found.late_on(timezone.localdate())
    context = {
        "report": found,
        "late": late,
        "can_read": policy.can_read_text(user, found),
        "can_write": policy.can_write(user, found),
        "can_judge": policy.can_judge(user, found),
        "can_excuse": policy.can_excuse(user, found),
        "consequences": queries.consequences(found) if late else [],
        "figures": _figures(found, submission),
        "submission": submission,
        "outputs": found.allocation.outputs.filter(removed_at__isnull=True)[:SHOWN],
        "form": form,
        "history": audit.history(found)[:SHOWN],
    }
    return render(request, "compute_grants/report.html", context, status=status_of(form))


@require_http_methods(["GET", "POST"])
def extend(request: HttpRequest, number: str) -> HttpResponse:
    """More time for a report, by the office."""
    found = visible(request, number)
    policy.can_excuse(actor(request), found).require()
    form = ExtendForm(request.POST or None)
    if form.is_valid() and attempt(
        form, lambda: actions.extend(found, **form.cleaned_data, by=actor(request))
    ):
        messages.success(request, _("The new due date was set. The members are told."))
        return redirect(found)
    context = {
        "report": found,
        "form": form,
        "title": _("Give more time"),
        "button": _("Set the new due date"),
    }
    return render(request, "compute_grants/report_excuse.html", context, status=status_of(form))


@require_http_methods(["GET", "POST"])
def waive(request: HttpRequest, number: str) -> HttpResponse:
    """Free the grant of a report, by the office."""
    found = visible(request, number)
    policy.can_excuse(actor(request), found).require()
    form = WaiveForm(request.POST or None)
    if form.is_valid() and attempt(
        form, lambda: actions.waive(found, **form.cleaned_data, by=actor(request))
    ):
        messages.success(request, _("The report is not needed any more. The members are told."))
        return redirect(found)
    context = {
        "report": found,
        "form": form,
        "title": _("Waive the report"),
        "button": _("Waive the report"),
        "warning": _("Nobody will write it then. This cannot be taken back."),
    }
    return render(request, "compute_grants/report_excuse.html", context, status=status_of(form))


def _figures(found: GrantReport, submission: Any) -> queries.Figures:
    """Those that were handed in with the text; before that, those of now."""
    if submission is None or found.writing:
        return queries.figures(found.allocation)
    return queries.Figures.of(submission.content["figures"])


def _judge(request: HttpRequest, found: GrantReport, reason: str) -> None:
    act = actions.accept if request.POST.get("act") == "accept" else actions.send_back
    act(found, reason=reason, by=actor(request))


@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, number: str) -> HttpResponse:
    """The texts with the figures beside them, saved while their writer pauses."""
    found = _to_write(request, number)
    form = ReportForm.of(found, request.POST or None)
    if request.method == "POST" and not request.accepts("text/html"):
        return _autosave(request, found, form)
    if form.is_valid():
        version = form.cleaned_data["version"]
        try:
            actions.save(found, version=version, by=actor(request), **form.texts())
        except actions.ReportChanged as error:
            again = ReportForm(initial=error.typed | {"version": error.now.version})
            return _form_page(request, error.now, again, error)
        except DomainError as error:
            refuse(form, error)
        else:
            messages.success(request, _("Saved."))
            return redirect("compute_grants:report_check", found.number)
    return _form_page(request, found, form)


def _form_page(
    request: HttpRequest,
    found: GrantReport,
    form: ReportForm,
    stored: actions.ReportChanged | None = None,
) -> HttpResponse:
    """`stored`: the refusal, where what stands on the server is newer than what was typed."""
    newer = [
        (form.fields[n].label, getattr(found, n)) for n in (stored.differences if stored else ())
    ]
    context = {
        "report": found,
        "form": form,
        "figures": queries.figures(found.allocation),
        "stored": newer,
    }
    status = 409 if stored else status_of(form)
    return render(request, "compute_grants/report_edit.html", context, status=status)


def _autosave(request: HttpRequest, found: GrantReport, form: ReportForm) -> HttpResponse:
    """Save as the button would, and answer in JSON: {version, message}."""
    if not form.is_valid():
        message = _("Not saved: correct the fields first, then save.")
        return JsonResponse({"message": message}, status=422)
    version = form.cleaned_data["version"]
    try:
        saved = actions.save(found, version=version, by=actor(request), **form.texts())
    except DomainError as error:
        return JsonResponse({"message": str(error)}, status=409)
    when = f"{timezone.localtime(saved.saved_at or timezone.now()):%H:%M:%S}"
    message = _("Saved at %(time)s Beijing time.") % {"time": when}
    return JsonResponse({"version": saved.version, "message": message})


@require_http_methods(["GET", "POST"])
def check(request: HttpRequest, number: str) -> HttpResponse:
    """All texts and figures as the office will read them; and the submission itself."""
    found = _to_write(request, number)
    form = SubmitReportForm(request.POST or None, initial={"version": found.version})
    if form.is_valid() and attempt(form, lambda: _submit(request, found, form)):
        return redirect("compute_grants:report_receipt", found.number)
    context = {
        "report": found,
        "form": form,
        "figures": queries.figures(found.allocation),
        "lacking": [text for texts in queries.lacking(found).values() for text in texts],
    }
    return render(request, "compute_grants/report_check.html", context, status=status_of(form))


def _submit(request: HttpRequest, found: GrantReport, form: SubmitReportForm) -> None:
    """Hand in; what is not written is listed on the page already, so one sentence will do."""
    try:
        actions.submit(found, version=form.cleaned_data["version"], by=actor(request))
    except Invalid as error:
        raise Invalid({"": [_("Complete the report before you submit it.")]}) from error


@require_safe
def receipt(request: HttpRequest, number: str) -> HttpResponse:
    """What was handed in, when, by whom, and its hash."""
    found = visible(request, number)
    submission = found.submissions.select_related("submitted_by").first()
    if submission is None:
        raise Http404
    context = {"report": found, "submission": submission}
    return render(request, "compute_grants/report_receipt.html", context)
