"""An award that its lead accepts or gives back."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from compute_grants.actions import acceptances as actions
from compute_grants.forms.acceptances import AcceptForm, DeclineAwardForm
from compute_grants.forms.fields import attempt, status_of
from compute_grants.models import Acceptance, DecisionLetter
from compute_grants.policies import acceptances as policy
from compute_grants.views.proposals import visible
from consortium.http import actor


@require_http_methods(["GET", "POST"])
def acceptance(request: HttpRequest, number: str) -> HttpResponse:
    """The award and its terms; accept or decline, each final. Afterwards its receipt."""
    proposal, user = visible(request, number), actor(request)
    rows = Acceptance.objects.select_related("decision__proposal", "answered_by")
    found = get_object_or_404(rows, decision__proposal=proposal)
    letter = DecisionLetter.objects.filter(decision=found.decision).first()
    may_answer = policy.can_answer(user, found)
    if request.method == "POST":
        may_answer.require()
    declining = request.POST.get("act") == "decline"
    accept = AcceptForm(
        request.POST if request.method == "POST" and not declining else None,
        initial={"letter_sha256": letter.sha256 if letter else ""},
    )
    decline = DeclineAwardForm(request.POST if declining else None)
    if accept.is_valid() and attempt(
        accept,
        lambda: actions.accept(found, letter_sha256=accept.cleaned_data["letter_sha256"], by=user),
    ):
        messages.success(request, _("You accepted the award. The machine opens its account."))
        return redirect(found)
    if decline.is_valid() and attempt(
        decline, lambda: actions.decline(found, **decline.cleaned_data, by=user)
    ):
        messages.success(request, _("You declined the award. Its time is back in the call."))
        return redirect(found)
    context = {
        "proposal": proposal,
        "acceptance": found,
        "letter": letter,
        "lines": found.decision.lines.select_related("request__resource__machine").order_by("pk"),
        "can_answer": may_answer,
        "late": found.over_on(timezone.localdate()),
        "accept": accept,
        "decline": decline,
        "grants": proposal.allocations.order_by("pk"),
    }
    status = status_of(accept, decline)
    return render(request, "compute_grants/acceptance.html", context, status=status)
