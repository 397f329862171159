"""Files and measurements of a proposal."""

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from compute_grants import exports
from compute_grants.actions import attachments as file_actions
from compute_grants.actions import scaling as scaling_actions
from compute_grants.forms.fields import attempt, status_of
from compute_grants.forms.proposal_parts import AttachForm, ScalingForm
from compute_grants.models import SectionName
from compute_grants.queries import scaling as queries
from compute_grants.views.proposal_rail import frame, own
from compute_grants.views.proposals import visible
from consortium.files_http import download
from consortium.http import actor


@require_http_methods(["GET", "POST"])
def attachments(request: HttpRequest, number: str) -> HttpResponse:
    """The files of the draft, and a form to add one."""
    proposal = own(request, number)
    form = (
        AttachForm(request.POST, request.FILES)
        if request.method == "POST"
        else AttachForm(initial={"section": request.GET.get("section") or SectionName.SCIENCE})
    )
    if form.is_valid() and attempt(
        form, lambda: file_actions.attach(proposal, **form.cleaned_data, by=actor(request))
    ):
        messages.success(request, _("The file was attached."))
        return redirect("compute_grants:proposal_attachments", proposal.number)
    context = {
        **frame(proposal, SectionName.ATTACHMENTS),
        "files": proposal.current_attachments,
        "form": form,
    }
    return render(
        request, "compute_grants/proposal_attachments.html", context, status=status_of(form)
    )


@require_POST
def attachment_remove(request: HttpRequest, number: str, pk: int) -> HttpResponse:
    proposal = own(request, number)
    found = get_object_or_404(proposal.attachments.current().select_related("file"), pk=pk)
    file_actions.detach(found, by=actor(request))
    messages.success(request, _("The file was removed."))
    return redirect("compute_grants:proposal_attachments", proposal.number)


@require_safe
def attachment(request: HttpRequest, number: str, pk: int) -> FileResponse:
    """A file, for everybody who may read the proposal."""
    proposal = visible(request, number)
    return download(get_object_or_404(proposal.attachments.select_related("file"), pk=pk).file)


@require_http_methods(["GET", "POST"])
def scaling(request: HttpRequest, number: str) -> HttpResponse:
    """What was measured, plotted, and a form to state or replace a series."""
    proposal = own(request, number)
    found = queries.series_of(proposal)
    form = ScalingForm(request.POST or None, initial=_to_change(request, found, proposal.version))
    if form.is_valid() and attempt(
        form, lambda: scaling_actions.set_series(proposal, **form.cleaned_data, by=actor(request))
    ):
        messages.success(request, _("Saved."))
        return redirect("compute_grants:proposal_scaling", proposal.number)
    context = {
        **frame(proposal, SectionName.SCALING),
        "series": found,
        "chart": queries.efficiency_chart(found) if found else None,
        "form": form,
    }
    return render(request, "compute_grants/proposal_scaling.html", context, status=status_of(form))


def _to_change(
    request: HttpRequest, found: list[queries.Series], version: int
) -> dict[str, object]:
    """The series that ?machine= and ?precision= name, as the form takes it."""
    for series in found:
        if (series.machine, series.precision) == (
            request.GET.get("machine"),
            request.GET.get("precision"),
        ):
            values = {"machine": series.machine, "precision": series.precision}
            return values | {"points": series.lines, "version": version}
    return {"version": version}


@require_safe
def scaling_csv(request: HttpRequest, number: str) -> StreamingHttpResponse:
    """Every measurement with its speed-up and efficiency, for those who read the proposal."""
    proposal = visible(request, number)
    header = ["machine", "precision", "width", "seconds", "speed_up", "efficiency"]
    lines = [
        [s.machine, s.precision, r.width, r.seconds, round(r.speed_up, 4), round(r.efficiency, 4)]
        for s in queries.series_of(proposal)
        for r in s.rows
    ]
    return exports.csv_response(request, f"{proposal.number}-scaling.csv", header, lines)
