"""The panel's board, and the decisions that stand."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from compute_grants.actions import panel as actions
from compute_grants.actions import panel_recusals
from compute_grants.exports import csv_response
from compute_grants.forms.fields import attempt, status_of
from compute_grants.forms.panel import PanelConflictForm
from compute_grants.models import Acceptance, Call, DecisionLetter, DecisionSet, Proposal
from compute_grants.policies import panel_interests as interests_policy
from compute_grants.policies import reviews as policy
from compute_grants.queries import calls as call_queries
from compute_grants.queries import panel as queries
from compute_grants.queries.award_reasons import Telling, limits, resources_of
from compute_grants.queries.rounds import rounds_of
from compute_grants.views.proposals import visible
from consortium.http import actor
from consortium.models import Institution
from consortium.policies import Decision
from consortium.roles import Permission, has

PER_PAGE = 100
COLUMNS = [
    *("rank", "proposal", "state", "institution", "kind", "depth", "reviews", "mean", "spread"),
    *("adjusted", "standard_error", "rank_low", "rank_high"),
    *("machine", "unit", "asked_seconds", "feasible_seconds"),
]


def _call(request: HttpRequest, code: str) -> Call:
    return get_object_or_404(Call.objects.visible_to(actor(request)), code=code)


def _seat(request: HttpRequest, call: Call) -> Decision:
    """The reader's seat on the panel; the office reads the board without one."""
    seat = policy.can_rank(actor(request), call)
    if not seat and not has(actor(request), Permission.REVIEW_ASSIGN):
        raise PermissionDenied(str(seat.reason))
    return seat


@require_safe
def board(request: HttpRequest, code: str) -> HttpResponse:
    """The ranking with its cut line, for the call's panel and the office."""
    call = _call(request, code)
    seat = _seat(request, call)
    order = "adjusted" if request.GET.get("order") == "adjusted" else "mean"
    rounds = rounds_of(call, request.GET.get("round", ""))
    rows = queries.board(call, actor(request), order, rounds.chosen)
    offers = call_queries.offers(call)
    cuts = queries.cut_lines(rows, offers)
    state = request.GET.get("state", "")
    kind = request.GET.get("kind", "")
    shown = [row for row in rows if _matches(row, state, kind)]
    page = Paginator(shown, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "call": call,
        "rounds": rounds,
        "rows": [(row, cuts.get(row.number, [])) for row in page.object_list],
        "page_obj": page,
        "demand": queries.demand(rows, offers),
        "can_rank": seat,
        "deciding": call.decides_now(),
        "orders": [("adjusted", _("adjusted score"))],
        "order": order,
        "states": [(s.value, s.label) for s in Proposal.State if s in Proposal.JUDGED],
        "state": state,
        "kinds": Institution.Kind.choices,
        "kind": kind,
        "filtered": bool(state or kind),
    }
    return render(request, "compute_grants/board.html", context)


def _matches(row: queries.BoardRow, state: str, kind: str) -> bool:
    """Masked rows stay: whether they would match is not for this reader."""
    if row.proposal is None:
        return True
    return state in {"", row.proposal.state} and kind in {"", row.proposal.institution.kind}


@require_safe
def board_csv(request: HttpRequest, code: str) -> HttpResponseBase:
    """The whole board, a line for each proposal and resource; masked rows by their number."""
    call = _call(request, code)
    _seat(request, call)
    rounds = rounds_of(call, request.GET.get("round", ""))
    rows = queries.board(call, actor(request), call_round=rounds.chosen)
    lines = (line for row in rows for line in _lines(row))
    return csv_response(request, f"{call.code}-board.csv", COLUMNS, lines)


def _lines(row: queries.BoardRow) -> list[list[object]]:
    if row.proposal is None:
        return [["", row.number, *[""] * (len(COLUMNS) - 2)]]
    fair, place = row.adjusted, row.standing
    head: list[object] = [
        *(row.rank, row.number, row.proposal.state, row.proposal.institution.name),
        *(row.proposal.institution.kind, row.proposal.depth.value),
        *(place.reviews, place.mean, place.spread),
        *((fair.score, fair.error, fair.rank_low, fair.rank_high) if fair else [""] * 4),
    ]
    return [
        [
            *head,
            *(item.resource.machine.code, item.resource.unit),
            *(item.seconds, queries.feasible_seconds(item)),
        ]
        for item in row.asked
    ] or [[*head, "", "", "", ""]]


@require_POST
def rank(request: HttpRequest, code: str) -> HttpResponse:
    call = _call(request, code)
    count = actions.rank(call, by=actor(request))
    messages.success(request, _("Proposals ranked: %(count)s.") % {"count": count})
    return redirect("compute_grants:board", call.code)


@require_http_methods(["GET", "POST"])
def recuse(request: HttpRequest, number: str) -> HttpResponse:
    """A member of the panel declares a conflict, and reads no more of the proposal."""
    proposal = visible(request, number)
    interests_policy.can_declare(actor(request), proposal).require()
    form = PanelConflictForm(request.POST or None)
    if form.is_valid() and attempt(
        form,
        lambda: panel_recusals.declare(proposal, **form.cleaned_data, by=actor(request)),
    ):
        messages.success(request, _("You declared a conflict. The others of the panel decide."))
        return redirect("compute_grants:board", proposal.call.code)
    context = {"proposal": proposal, "form": form}
    return render(request, "compute_grants/panel_conflict.html", context, status=status_of(form))


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
        "limits": limits(decision.binding, resources_of(decision.binding), Telling.OWN),
        "lines": decision.lines.select_related("request__resource__machine").order_by("pk"),
        "grants": proposal.allocations.order_by("pk"),
        "is_lead": actor(request).pk == proposal.lead_id,
        "accepting": Acceptance.objects.filter(decision=decision).first(),
        "letter": DecisionLetter.objects.visible_to(actor(request))
        .filter(decision=decision)
        .exists(),
        "set": DecisionSet.objects.visible_to(actor(request))
        .filter(items__decision=decision)
        .first(),
    }
    return render(request, "compute_grants/decision_receipt.html", context)
