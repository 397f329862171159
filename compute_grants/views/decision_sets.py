"""A panel's decisions: put on record one by one or several at once, signed by two, published."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from compute_grants.actions import decision_sets as actions
from compute_grants.forms.decision_sets import BulkForm, DecisionForm, DiscardForm, SignSetForm
from compute_grants.forms.fields import attempt, status_of
from compute_grants.models import Call, DecisionItem, DecisionSet, Proposal
from compute_grants.policies import decision_sets as policy
from compute_grants.policies import reviews as review_policy
from compute_grants.queries import calls as call_queries
from compute_grants.queries import decision_sets as queries
from compute_grants.queries import panel as panel_queries
from compute_grants.queries import proposals as proposal_queries
from compute_grants.queries.rounds import rounds_of
from compute_grants.queries.run_results import weighed
from compute_grants.views.proposals import visible
from consortium import audit
from consortium.http import actor, proof_of_identity, reauthentication_required

PER_PAGE = 25
SHOWN = 30
State = DecisionSet.State


def _call(request: HttpRequest, code: str) -> Call:
    return get_object_or_404(Call.objects.visible_to(actor(request)), code=code)


def _visible_set(request: HttpRequest, number: str) -> DecisionSet:
    rows = DecisionSet.objects.visible_to(actor(request)).select_related("call", "made_by", "round")
    return get_object_or_404(rows, number=number)


@require_http_methods(["GET", "POST"])
def decide(request: HttpRequest, number: str) -> HttpResponse:
    """Put the decision on one proposal into the call's draft; nothing is decided by that."""
    proposal = visible(request, number)
    review_policy.can_decide(actor(request), proposal).require()
    if proposal.state not in {Proposal.State.RANKED, Proposal.State.WAITLISTED}:
        return redirect(proposal)
    item = (
        DecisionItem.objects.select_related("set")
        .prefetch_related("lines")
        .filter(proposal=proposal, is_open=True)
        .first()
    )
    requests = proposal_queries.requests_of(proposal)
    form = DecisionForm(
        request.POST or None,
        requests=requests,
        proposal=proposal,
        item=item,
        weighed=item is None and weighed(proposal.call, [proposal]),
    )
    if form.is_valid():
        done: list[DecisionSet] = []
        if attempt(
            form, lambda: done.append(actions.put_in_draft(form.choice(), by=actor(request)))
        ):
            messages.success(request, _("The decision stands in the set. Two people sign it next."))
            return redirect(done[0])
    context = {
        "proposal": proposal,
        "form": form,
        "item": item,
        "offers": call_queries.offers(proposal.call),
        "standing": panel_queries.standings_of([proposal])[proposal.pk],
        "requests": requests,
    }
    return render(request, "compute_grants/decision_form.html", context, status=status_of(form))


@require_safe
def set_list(request: HttpRequest, code: str) -> HttpResponse:
    """The sets of a call, the newest first."""
    call, user = _call(request, code), actor(request)
    rows = queries.set_rows(user, call)
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    context = {"call": call, "page_obj": page, "can_prepare": policy.can_prepare(user, call)}
    return render(request, "compute_grants/decision_set_list.html", context)


@require_http_methods(["GET", "POST"])
def choose(request: HttpRequest, code: str) -> HttpResponse:
    """Tick several and choose an outcome; then a page that lists each; then the draft."""
    call, user = _call(request, code), actor(request)
    policy.can_prepare(user, call).require()
    rounds = rounds_of(call, request.GET.get("round", ""))
    rows = queries.candidates(call, user, rounds.chosen)
    by_run = weighed(call, [row.proposal for row in rows])
    form = BulkForm(request.POST or None, offered=rows, weighed=by_run)
    context = {"call": call, "rows": rows, "form": form, "offers": call_queries.offers(call)}
    context |= {"rounds": rounds}
    if form.is_valid() and "change" not in request.POST:
        choices = form.choices()
        if "confirmed" not in request.POST:
            lines = [(row, _lines(row, choices)) for row in rows]
            context |= {"lines": [(row, own) for row, own in lines if own is not None]}
            context |= {"outcome": choices[0].outcome, "data": form.cleaned_data}
            return render(request, "compute_grants/decision_set_confirm.html", context)
        done: list[DecisionSet] = []
        if attempt(form, lambda: done.append(actions.prepare(call, choices=choices, by=user))):
            messages.success(request, _("The draft is ready. Read it, then ask for signatures."))
            return redirect(done[0])
    return render(
        request, "compute_grants/decision_set_choose.html", context, status=status_of(form)
    )


def _lines(
    row: queries.Candidate, choices: list[actions.Choice]
) -> list[tuple[object, int]] | None:
    """(request, seconds) of one candidate; None where it was not ticked."""
    for choice in choices:
        if choice.proposal.pk == row.proposal.pk:
            return [(asked, choice.seconds.get(asked.pk, 0)) for asked in row.asked]
    return None


@require_safe
def decision_set(request: HttpRequest, number: str) -> HttpResponse:
    """A set: what it decides, what it leaves, who has signed; its receipt once published."""
    found, user = _visible_set(request, number), actor(request)
    view = queries.set_view(found, user)
    context = {
        "set": found,
        "view": view,
        "can_change": policy.can_change(user, found, place=view.place),
        "can_sign": policy.can_sign(user, found, place=view.place),
        "signed": any(row.by_id == user.pk for row in view.signatures),
        "open": found.state in DecisionSet.OPEN,
        "history": audit.history(found)[:SHOWN],
    }
    return render(request, "compute_grants/decision_set.html", context)


@require_POST
def propose(request: HttpRequest, number: str) -> HttpResponse:
    found = actions.propose(_visible_set(request, number), by=actor(request))
    messages.success(request, _("Those who may sign were told."))
    return redirect(found)


@require_POST
def item_remove(request: HttpRequest, number: str, proposal: str) -> HttpResponse:
    found = _visible_set(request, number)
    row = get_object_or_404(Proposal.objects.visible_to(actor(request)), number=proposal)
    actions.remove(found, proposal=row, by=actor(request))
    messages.success(request, _("The decision was taken out of the set."))
    return redirect(found)


@require_http_methods(["GET", "POST"])
def discard(request: HttpRequest, number: str) -> HttpResponse:
    found, user = _visible_set(request, number), actor(request)
    policy.can_change(user, found).require()
    form = DiscardForm(request.POST or None)
    if form.is_valid() and attempt(
        form, lambda: actions.discard(found, **form.cleaned_data, by=user)
    ):
        messages.success(request, _("The set was discarded."))
        return redirect(found)
    context = {"set": found, "form": form}
    return render(
        request, "compute_grants/decision_set_discard.html", context, status=status_of(form)
    )


@require_http_methods(["GET", "POST"])
def sign(request: HttpRequest, number: str) -> HttpResponse:
    """Review and sign. The second signature is irreversible, so it stands on its own page."""
    found, user = _visible_set(request, number), actor(request)
    view = queries.set_view(found, user)
    policy.can_sign(user, found, place=view.place).require()
    if elsewhere := reauthentication_required(request):
        return elsewhere
    if found.state != State.PROPOSED and request.method == "GET":
        return redirect(found)
    form = SignSetForm(request.POST or None, initial={"content_sha256": view.sha256})
    method, _at = proof_of_identity(request)
    if form.is_valid() and attempt(
        form,
        lambda: actions.sign(
            found, content_sha256=form.cleaned_data["content_sha256"], method=method, by=user
        ),
    ):
        messages.success(request, _("Your signature is on record."))
        return redirect(found)
    context = {"set": found, "view": view, "form": form, "last": len(view.signatures) == 1}
    return render(request, "compute_grants/decision_set_sign.html", context, status=status_of(form))
