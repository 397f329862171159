"""Objections to ties that the portal found: raised by one of the two, answered by the office."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from compute_grants.actions import tie_disputes as actions
from compute_grants.forms.fields import attempt, status_of
from compute_grants.forms.ties import DisputeAnswerForm, DisputeForm
from compute_grants.models import Tie, TieDispute
from compute_grants.policies import ties as policy
from compute_grants.queries.ties import with_evidence
from consortium import audit
from consortium.http import actor

SHOWN = 30


@require_http_methods(["GET", "POST"])
def tie_dispute(request: HttpRequest, pk: int) -> HttpResponse:
    user = actor(request)
    tie = get_object_or_404(with_evidence(Tie.objects.visible_to(user)), pk=pk)
    policy.can_dispute(user, tie).require()
    form = DisputeForm(request.POST or None)
    if form.is_valid() and attempt(
        form, lambda: actions.dispute(tie, **form.cleaned_data, by=user)
    ):
        messages.success(request, _("The R&D office reads it. The tie counts until it answers."))
        return redirect("compute_grants:tie_list")
    context = {"tie": tie, "other": tie.other_of(user), "form": form}
    return render(request, "compute_grants/tie_dispute.html", context, status=status_of(form))


@require_http_methods(["GET", "POST"])
def tie_dispute_answer(request: HttpRequest, pk: int) -> HttpResponse:
    """The objection and its answer; for the office, the form to answer it."""
    user = actor(request)
    rows = TieDispute.objects.visible_to(user).select_related("raised_by", "answered_by")
    found = get_object_or_404(rows, pk=pk)
    found.tie = with_evidence(Tie.objects.all()).get(pk=found.tie_id)
    form = DisputeAnswerForm(request.POST or None)
    accept = request.POST.get("act") == "accept"
    if form.is_valid() and attempt(
        form, lambda: actions.answer(found, accept=accept, **form.cleaned_data, by=user)
    ):
        messages.success(request, _("The answer was recorded."))
        return redirect(found)
    context = {
        "dispute": found,
        "tie": found.tie,
        "other": found.tie.other_of(found.raised_by),
        "form": form,
        "can_answer": policy.can_answer_dispute(user, found),
        "history": audit.history(found.tie)[:SHOWN],
    }
    name = "compute_grants/tie_dispute_answer.html"
    return render(request, name, context, status=status_of(form))
