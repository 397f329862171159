"""Planning who reviews what, for the R&D office."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from compute_grants.actions import assignment_plans as actions
from compute_grants.actions import planned_pairs as pair_actions
from compute_grants.exports import csv_response
from compute_grants.forms.assignment_plans import ApplyForm, CandidateForm, WishForm
from compute_grants.forms.fields import attempt, status_of
from compute_grants.matching.assign import means_of
from compute_grants.matching.preview import preview
from compute_grants.matching.rules import shortfalls
from compute_grants.models import AssignmentPlan, Call, PlannedPair, Proposal
from compute_grants.policies import matching as policy
from compute_grants.queries import assignment_plans as queries
from compute_grants.queries.matching import Wish, situation
from consortium import audit
from consortium.errors import DomainError
from consortium.http import actor

PER_PAGE = 50
SHOWN = 30
CSV_COLUMNS = [
    *("proposal", "reviewer_id", "reviewer", "affinity", "topics", "terms"),
    *("locked", "manual", "outcome", "outcome_reason"),
]


def _call(request: HttpRequest, code: str) -> Call:
    policy.can_read_plans(actor(request)).require()
    return get_object_or_404(Call.objects.visible_to(actor(request)), code=code)


def _plan(request: HttpRequest, pk: int) -> AssignmentPlan:
    rows = AssignmentPlan.objects.visible_to(actor(request))
    return get_object_or_404(
        rows.select_related("call", "asked_by", "applied_by", "based_on"), pk=pk
    )


@dataclass(frozen=True, slots=True)
class _Preview:
    """What a plan would be like, found at once."""

    pairs: int
    wanted: int
    mean: float
    worst: float
    missing: int
    milliseconds: int
    chart: dict[str, Any]
    loads: list[tuple[int, int]]


@require_http_methods(["GET", "POST"])
def matching(request: HttpRequest, code: str) -> HttpResponse:
    """Set a plan up, see what it would be like, have it computed."""
    call, user = _call(request, code), actor(request)
    plans = list(queries.plans_of(call, user)[:SHOWN])
    form = WishForm.of(call, plans[0] if plans else None)
    shown = None
    if request.method == "POST":
        policy.can_plan(user).require()
        form = WishForm(request.POST)
        if form.is_valid() and request.POST.get("act") == "preview":
            shown = _previewed(call, form)
        elif form.is_valid():
            made: list[AssignmentPlan] = []
            if attempt(form, lambda: made.append(actions.ask(call, **form.cleaned_data, by=user))):
                messages.success(request, _("The plan waits for a worker."))
                return redirect(made[0])
    context = {
        "call": call,
        "plans": plans,
        "form": form,
        "preview": shown,
        "may": policy.can_plan(user),
        "waiting": call.proposals.filter(state=Proposal.State.PEER_REVIEW).count(),
    }
    return render(request, "compute_grants/matching.html", context, status=status_of(form))


def _previewed(call: Call, form: WishForm) -> _Preview:
    names = ("per_proposal", "most", "least")
    found = situation(call, Wish(**{name: form.cleaned_data[name] for name in names}))
    began = time.perf_counter()
    pairs = preview(found.problem)
    took = time.perf_counter() - began
    means = means_of(found.problem, pairs)
    got = sorted({row for row, _column in pairs})
    loads = queries.loads(pairs)
    return _Preview(
        pairs=len(pairs),
        wanted=int(found.problem.wanted.sum()),
        mean=float(means[got].mean()) if got else 0.0,
        worst=float(means[got].min()) if got else 0.0,
        missing=len(shortfalls(found.problem, pairs)),
        milliseconds=round(took * 1000),
        chart=queries.load_chart(loads),
        loads=loads,
    )


@require_safe
def reviewer_pool(request: HttpRequest, code: str) -> HttpResponse:
    """Everybody who reviews, with what they know, have in hand and take on."""
    call = _call(request, code)
    page = Paginator(queries.pool(call), PER_PAGE).get_page(request.GET.get("page"))
    context = {"call": call, "page_obj": page, "rows": queries.with_expertise(page.object_list)}
    return render(request, "compute_grants/reviewer_pool.html", context)


@require_safe
def assignment_plan(request: HttpRequest, pk: int) -> HttpResponse:
    """One plan: how far it is, or what came of it, the worst-off first."""
    plan, user = _plan(request, pk), actor(request)
    view = queries.plan_view(plan, user)
    page = Paginator(view.rows, PER_PAGE).get_page(request.GET.get("page"))
    queries.name_topics(pair for row in page.object_list for pair in row.pairs)
    context = {
        "plan": plan,
        "page_obj": page,
        "loads": view.loads,
        "chart": queries.load_chart(view.loads),
        "short": plan.short,
        "outcomes": view.outcomes,
        "may": policy.can_plan(user),
        "history": audit.history(plan)[:SHOWN],
    }
    return render(request, "compute_grants/assignment_plan.html", context)


@require_safe
def plan_csv(request: HttpRequest, pk: int) -> StreamingHttpResponse:
    """The pairs that this person may see."""
    plan = _plan(request, pk)
    rows = queries.plan_rows(plan, actor(request))
    lines = (
        [
            pair.proposal.number,
            pair.reviewer_id,
            pair.reviewer.name,
            f"{pair.affinity:.4f}",
            " ".join(pair.topics),
            " ".join(pair.terms),
            pair.locked,
            pair.manual,
            pair.outcome,
            pair.outcome_reason,
        ]
        for row in rows
        for pair in row.pairs
    )
    return csv_response(request, f"{plan.call.code}-plan-{plan.pk}.csv", CSV_COLUMNS, lines)


@require_POST
def plan_stop(request: HttpRequest, pk: int) -> HttpResponse:
    plan = _plan(request, pk)
    actions.stop(plan, by=actor(request))
    messages.success(request, _("The computation stops before its next stage."))
    return redirect(plan)


@require_POST
def plan_again(request: HttpRequest, pk: int) -> HttpResponse:
    """Compute it anew with its figures; locked pairs stay."""
    plan = _plan(request, pk)
    figures = ("per_proposal", "most", "least", "seconds", "seed")
    made = actions.ask(
        plan.call,
        **{name: getattr(plan, name) for name in figures},
        based_on=plan,
        by=actor(request),
    )
    messages.success(request, _("The plan waits for a worker."))
    return redirect(made)


@require_http_methods(["GET", "POST"])
def plan_proposal(request: HttpRequest, pk: int, number: str) -> HttpResponse:
    """One proposal's planned reviewers: why each, and who could be in their place."""
    plan, user = _plan(request, pk), actor(request)
    rows = Proposal.objects.visible_to(user).select_related("institution", "lead")
    proposal = get_object_or_404(rows, number=number, call=plan.call)
    policy.can_plan(user).require()
    found = situation(plan.call, actions.wish_of(plan), reader=user)
    own = found.own if proposal.pk in found.row_of() else None
    policy.can_change_pairs(user, proposal, own).require()
    pairs = list(plan.pairs.filter(proposal=proposal).select_related("reviewer", "proposal"))
    fit = queries.candidates(found, proposal, besides={pair.reviewer_id for pair in pairs})
    form = CandidateForm(request.POST or None, fit=fit)
    if request.method == "POST" and _change(request, plan, proposal, pairs, form):
        messages.success(request, _("The plan was changed."))
        return redirect("compute_grants:plan_proposal", plan.pk, proposal.number)
    queries.name_topics(pairs, found.topics)
    context = {
        "plan": plan,
        "proposal": proposal,
        "pairs": pairs,
        "fit": fit,
        "form": form,
        "open": plan.state == AssignmentPlan.State.DONE,
    }
    code = status_of(form) if form.is_bound else 200
    return render(request, "compute_grants/plan_proposal.html", context, status=code)


def _change(
    request: HttpRequest,
    plan: AssignmentPlan,
    proposal: Proposal,
    pairs: list[PlannedPair],
    form: CandidateForm,
) -> bool:
    """Carry out the act that was sent; False where the form or a rule refuses."""
    user, act = actor(request), request.POST.get("act", "")
    pair = next((each for each in pairs if str(each.pk) == request.POST.get("pair")), None)
    if act in {"lock", "unlock", "remove"} and pair is not None:
        form.is_valid()
        form.errors.clear()
        if act == "remove":
            return attempt(form, lambda: pair_actions.remove(pair, by=user))
        return attempt(form, lambda: pair_actions.lock(pair, locked=act == "lock", by=user))
    if not form.is_valid():
        return False
    reviewer = form.cleaned_data["reviewer"]
    if pair is not None:
        return attempt(form, lambda: pair_actions.swap(pair, reviewer=reviewer, by=user))
    return attempt(
        form, lambda: pair_actions.add(plan, proposal=proposal, reviewer=reviewer, by=user)
    )


@require_http_methods(["GET", "POST"])
def plan_apply(request: HttpRequest, pk: int) -> HttpResponse:
    """Every pair with its id and what will happen, before the invitations go out."""
    plan, user = _plan(request, pk), actor(request)
    policy.can_plan(user).require()
    if plan.state != AssignmentPlan.State.DONE:
        raise DomainError(_("Only a computed plan is applied, and once. Compute a new one."))
    rows = queries.plan_rows(plan, user)
    ids = [pair.pk for row in rows for pair in row.pairs]
    form = ApplyForm(request.POST or None, ids=ids)
    if form.is_valid() and attempt(form, lambda: actions.apply(plan, **form.cleaned_data, by=user)):
        messages.success(request, _("The plan was applied. What became of each pair stands below."))
        return redirect(plan)
    context = {"plan": plan, "rows": rows, "form": form, "ids": ids}
    return render(request, "compute_grants/plan_apply.html", context, status=status_of(form))
