"""The audit log as auditors read it: filtered, paged, and exported as they see it."""

import csv
from collections.abc import Iterator
from datetime import datetime, time
from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from consortium import audit
from consortium.models import AuditEvent, AuditLeaf, AuditSeal

COLUMNS = ["id", "at", "action", "actor_name", "target_type", "target_id", "detail", "request_id"]


class AuditFilter(forms.Form):
    """All fields narrow the list; none is needed."""

    action = forms.ChoiceField(label=_("Event"), required=False)
    actor = forms.CharField(label=_("Who (e-mail)"), required=False, max_length=254)
    target = forms.CharField(
        label=_("Record"),
        required=False,
        max_length=129,
        help_text=_("Type and id, such as consortium.institution:12."),
    )
    since = forms.DateField(
        label=_("From"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    until = forms.DateField(
        label=_("To"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        events = sorted((code, audit.label(code)) for code in audit.known_events())
        action = self.fields["action"]
        assert isinstance(action, forms.ChoiceField)
        action.choices = [("", _("Every event")), *events]

    def apply(self, events: QuerySet[AuditEvent]) -> QuerySet[AuditEvent]:
        given = {name: value for name, value in self.cleaned_data.items() if value}
        if "action" in given:
            events = events.filter(action=given["action"])
        if "actor" in given:
            events = events.filter(actor_name__iexact=given["actor"])
        if "target" in given:
            kind, _sep, pk = given["target"].partition(":")
            events = events.filter(target_type=kind, **({"target_id": pk} if pk else {}))
        if "since" in given:
            events = events.filter(at__gte=_midnight(given["since"]))
        if "until" in given:
            events = events.filter(at__date__lte=given["until"])
        return events


def _midnight(day: Any) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def _filtered(request: HttpRequest) -> tuple[AuditFilter, QuerySet[AuditEvent]]:
    form = AuditFilter(request.GET or None)
    events = AuditEvent.objects.order_by("-at", "-pk")
    return form, form.apply(events) if form.is_bound and form.is_valid() else events


@require_safe
def audit_log(request: HttpRequest) -> HttpResponse:
    form, events = _filtered(request)
    context = {
        "form": form,
        "page": Paginator(events, 50).get_page(request.GET.get("page")),
        "last_seal": AuditSeal.objects.order_by("-number").first(),
        "waiting": AuditEvent.objects.exclude(pk__in=AuditLeaf.objects.values("event_id")).count(),
    }
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "consortium/audit_log.html", context, status=status)


class _Echo:
    """A file for csv.writer that hands each line back instead of keeping it."""

    def write(self, line: str) -> str:
        return line


def _safe(value: object) -> str:
    """A cell that no spreadsheet runs as a formula."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def _lines(events: QuerySet[AuditEvent]) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield "\ufeff" + writer.writerow(COLUMNS)
    for row in events.values_list(*COLUMNS).iterator(chunk_size=1000):
        yield writer.writerow([_safe(value) for value in row])


@require_safe
def audit_export(request: HttpRequest) -> StreamingHttpResponse:
    """The filtered log as CSV (UTF-8 with BOM), streamed; the page's filter in the query."""
    _form, events = _filtered(request)
    response = StreamingHttpResponse(_lines(events), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="audit.csv"'
    return response
