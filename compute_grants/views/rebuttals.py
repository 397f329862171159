"""Rebuttal: opened by the office, read and answered by the lead."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from compute_grants.actions import rebuttals as actions
from compute_grants.forms.fields import attempt, status_of
from compute_grants.forms.reviews import RebuttalForm, RebuttalOpenForm
from compute_grants.models import RebuttalWindow, Review
from compute_grants.policies import reviews as policy
from compute_grants.queries.rebuttals import reviews_to_answer
from compute_grants.views.proposals import visible
from consortium.forms import number_sent
from consortium.http import actor


@require_http_methods(["GET", "POST"])
def rebuttal_open(request: HttpRequest, number: str) -> HttpResponse:
    proposal = visible(request, number)
    user = actor(request)
    policy.can_open_rebuttal(user, proposal).require()
    form = RebuttalOpenForm(request.POST or None)
    if form.is_valid() and attempt(
        form, lambda: actions.open_window(proposal, **form.cleaned_data, by=user)
    ):
        messages.success(request, _("Rebuttal is open. The lead was told."))
        return redirect("compute_grants:assignment_list", proposal.number)
    context = {
        "proposal": proposal,
        "form": form,
        "window": RebuttalWindow.objects.filter(proposal=proposal).first(),
    }
    return render(request, "compute_grants/rebuttal_open.html", context, status=status_of(form))


@require_http_methods(["GET", "POST"])
def rebuttal(request: HttpRequest, number: str) -> HttpResponse:
    """Scores and comments without names; one answer to each, while the window is open."""
    proposal = visible(request, number)
    user = actor(request)
    policy.can_answer_reviews(user, proposal).require()
    window = get_object_or_404(RebuttalWindow, proposal=proposal)
    reviews = reviews_to_answer(proposal)
    forms = {row.pk: RebuttalForm(prefix=f"r{row.pk}") for row in reviews}
    sent = number_sent(request.POST, "review")
    if request.method == "POST":
        if sent not in forms:
            raise Http404
        form = forms[sent] = RebuttalForm(request.POST, prefix=f"r{sent}")
        review: Review = next(row for row in reviews if row.pk == sent)
        if form.is_valid() and attempt(
            form, lambda: actions.answer(review, text=form.cleaned_data["text"], by=user)
        ):
            messages.success(request, _("Your answer is in."))
            return redirect("compute_grants:rebuttal", proposal.number)
    context = {
        "proposal": proposal,
        "window": window,
        "open": window.open_at(timezone.now()),
        "rows": [(row, forms[row.pk]) for row in reviews],
        "sent": forms.get(sent or 0),
    }
    status = status_of(*(form for form in forms.values() if form.is_bound))
    return render(request, "compute_grants/rebuttal.html", context, status=status)
