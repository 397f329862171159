"""The panel's board, and the decisions that stand."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from compute_grants.actions import panel as actions
from compute_grants.models import Call, DecisionSet
from compute_grants.policies import reviews as policy
from compute_grants.queries import calls as call_queries
from compute_grants.queries import panel as queries
from compute_grants.views.proposals import visible
from consortium.http import actor
from consortium.roles import Permission, has


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
        "set": DecisionSet.objects.visible_to(actor(request))
        .filter(items__decision=decision)
        .first(),
    }
    return render(request, "compute_grants/decision_receipt.html", context)
