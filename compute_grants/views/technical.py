"""The centre's verdict on one request for time."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from compute_grants.actions import technical as actions
from compute_grants.forms.fields import attempt, status_of
from compute_grants.forms.technical import TechnicalForm
from compute_grants.policies import reviews as policy
from compute_grants.queries.technical import found_by_portal
from compute_grants.views.proposals import visible
from consortium.http import actor


@require_http_methods(["GET", "POST"])
def technical_review(request: HttpRequest, number: str, pk: int) -> HttpResponse:
    """The checklist, filled in with what the portal finds itself; then verdict, cap and reason."""
    proposal = visible(request, number)
    rows = proposal.requests.select_related("resource__machine__centre", "technical_review")
    asked = get_object_or_404(rows, pk=pk)
    asked.proposal = proposal
    policy.can_judge_feasibility(actor(request), asked).require()
    stored = getattr(asked, "technical_review", None)
    form = TechnicalForm.of(stored, found_by_portal(asked), request.POST or None)

    def judge() -> None:
        data = form.cleaned_data
        actions.judge_feasibility(
            asked,
            verdict=data["verdict"],
            cap_seconds=data["cap_hours"],
            reason=data["reason"],
            checks=form.checks(),
            by=actor(request),
        )

    if form.is_valid() and attempt(form, judge):
        messages.success(request, _("The verdict was recorded."))
        return redirect(proposal)
    context = {"proposal": proposal, "asked": asked, "form": form}
    return render(request, "compute_grants/technical_review.html", context, status=status_of(form))
