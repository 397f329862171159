"""The panel's board and its decisions."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from compute_grants.actions import panel as actions
from compute_grants.forms.fields import attempt, status_of
from compute_grants.forms.reviews import DecisionForm
from compute_grants.models import Call, PanelDecision, Proposal
from compute_grants.policies import reviews as policy
from compute_grants.queries import calls as call_queries
from compute_grants.queries import panel as queries
from compute_grants.queries import proposals as proposal_queries
from compute_grants.views.proposals import visible
from consortium.http import actor
from consortium.roles import Permission, has

Outcome = PanelDecision.Outcome


def _call(request: HttpRequest, code: str) -> Call:
    return get_object_or_404(Call.objects.visible_to(actor(request)), code=code)


@require_safe
def board(request: HttpRequest, code: str) -> HttpResponse:
    """The ranking, for the call's panel and the office."""
    call = _call(request, code)
    seat = policy.can_rank(actor(request), call)
    if not seat and not has(actor(request), Permission.REVIEW_ASSIGN):
        raise PermissionDenied(str(seat.reason))
    context = {
        "call": call,
        "rows": queries.board(call, actor(request)),
        "offers": call_queries.offers(call),
        "can_rank": seat,
        "deciding": call.decides_now(),
    }
    return render(request, "compute_grants/board.html", context)


@require_POST
def rank(request: HttpRequest, code: str) -> HttpResponse:
    call = _call(request, code)
    count = actions.rank(call, by=actor(request))
    messages.success(request, _("Proposals ranked: %(count)s.") % {"count": count})
    return redirect("compute_grants:board", call.code)


@require_http_methods(["GET", "POST"])
def decide(request: HttpRequest, number: str) -> HttpResponse:
    """The form; then, because it is final, a page to check it; then the decision."""
    proposal = visible(request, number)
    policy.can_decide(actor(request), proposal).require()
    if proposal.state not in {Proposal.State.RANKED, Proposal.State.WAITLISTED}:
        return redirect(proposal)
    form = DecisionForm(request.POST or None, proposal=proposal)
    context = {
        "proposal": proposal,
        "form": form,
        "offers": call_queries.offers(proposal.call),
        "standing": queries.standings_of([proposal])[proposal.pk],
        "requests": proposal_queries.requests_of(proposal),
    }
    if form.is_valid():
        if "confirmed" not in request.POST and "change" not in request.POST:
            return _confirmation(request, form, context)
        if "confirmed" in request.POST and attempt(
            form, lambda: _carry_out(request, proposal, form)
        ):
            return redirect("compute_grants:decision_receipt", proposal.number)
    return render(request, "compute_grants/decision_form.html", context, status=status_of(form))


def _confirmation(
    request: HttpRequest, form: DecisionForm, context: dict[str, object]
) -> HttpResponse:
    given = form.seconds()
    lines = [(row, given.get(row.pk, 0)) for row in form.requests]
    outcome = Outcome(form.cleaned_data["outcome"])
    return render(
        request,
        "compute_grants/decision_confirm.html",
        context | {"lines": lines, "outcome": outcome, "data": form.cleaned_data},
    )


def _carry_out(request: HttpRequest, proposal: Proposal, form: DecisionForm) -> None:
    data, by = form.cleaned_data, actor(request)
    if data["outcome"] == Outcome.AWARDED:
        actions.award(
            proposal,
            seconds=form.seconds(),
            starts_on=data["starts_on"],
            ends_on=data["ends_on"],
            reason=data["reason"],
            by=by,
        )
    elif data["outcome"] == Outcome.REJECTED:
        actions.reject(proposal, reason=data["reason"], by=by)
    else:
        actions.waitlist(proposal, reason=data["reason"], by=by)


@require_safe
def receipt(request: HttpRequest, number: str) -> HttpResponse:
    """The decision that stands, for whoever reads the proposal."""
    proposal = visible(request, number)
    decision = proposal.decisions.select_related("decided_by").first()
    if decision is None:
        raise Http404
    context = {
        "proposal": proposal,
        "decision": decision,
        "lines": decision.lines.select_related("request__resource__machine").order_by("pk"),
        "grants": proposal.allocations.order_by("pk"),
        "is_lead": actor(request).pk == proposal.lead_id,
    }
    return render(request, "compute_grants/decision_receipt.html", context)
