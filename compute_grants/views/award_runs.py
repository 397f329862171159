"""Runs of the award optimiser: start, watch, stop, read, compare."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from compute_grants.actions import award_runs as actions
from compute_grants.actions.award_adoption import Terms, adopt
from compute_grants.exports import csv_response
from compute_grants.forms.award_runs import AdoptForm, AwardRunForm
from compute_grants.forms.fields import attempt, status_of
from compute_grants.models import AwardRun, Call, DecisionSet
from compute_grants.policies import award_runs as policy
from compute_grants.queries import award_runs as queries
from compute_grants.queries.award_parameters import named, parameter_rows
from compute_grants.queries.calls import offers
from compute_grants.queries.rounds import rounds_of
from consortium.http import actor

PER_PAGE = 25
ROWS = 100
OUTCOMES = ("awarded", "partly", "declined")
COLUMNS = ["rank", "proposal", "institution", "merit", "outcome", "machine", "unit"]
COLUMNS += ["asked_seconds", "feasible_seconds", "awarded_seconds", "reasons"]


def _call(request: HttpRequest, code: str) -> Call:
    """The call, for those who let awards be proposed there."""
    call = get_object_or_404(Call.objects.visible_to(actor(request)), code=code)
    policy.can_start(actor(request), call).require()
    return call


def _run(request: HttpRequest, pk: int) -> AwardRun:
    rows = AwardRun.objects.visible_to(actor(request))
    return get_object_or_404(rows.select_related("call", "started_by", "based_on", "round"), pk=pk)


@require_safe
def award_run_list(request: HttpRequest, code: str) -> HttpResponse:
    call = _call(request, code)
    page = Paginator(queries.runs_of(call, actor(request)), PER_PAGE).get_page(
        request.GET.get("page")
    )
    context = {"call": call, "page_obj": page, "deciding": call.decides_now()}
    return render(request, "compute_grants/award_run_list.html", context)


@require_http_methods(["GET", "POST"])
def award_run_create(request: HttpRequest, code: str) -> HttpResponse:
    """The parameters; ?from= takes those of an earlier run to be changed."""
    call = _call(request, code)
    based_on = _based_on(request, call)
    before = based_on.round if based_on else None
    rounds = rounds_of(call, str(before.position) if before else "")
    form = AwardRunForm(request.POST or None, offers=offers(call), rounds=rounds, based_on=based_on)
    made: list[AwardRun] = []

    def act() -> None:
        run = actions.start(
            call,
            parameters=form.parameters(),
            title=form.cleaned_data["title"],
            call_round=form.call_round(),
            based_on=based_on,
            by=actor(request),
        )
        made.append(run)

    if form.is_valid() and attempt(form, act):
        messages.success(request, _("The awards are being worked out."))
        return redirect(made[0])
    context = {"call": call, "form": form, "based_on": based_on, "deciding": call.decides_now()}
    return render(request, "compute_grants/award_run_form.html", context, status=status_of(form))


def _based_on(request: HttpRequest, call: Call) -> AwardRun | None:
    given = request.GET.get("from", "")
    if not given.isdecimal():
        return None
    return queries.runs_of(call, actor(request)).filter(pk=given[:18]).first()


@require_safe
def award_run(request: HttpRequest, pk: int) -> HttpResponse:
    """Its progress while it runs; then what it proposes, and why."""
    run = _run(request, pk)
    result = queries.Result(run, actor(request))
    outcome = request.GET.get("outcome", "")
    rows = [row for row in result.rows if outcome not in OUTCOMES or row.outcome == outcome]
    page = Paginator(rows, ROWS).get_page(request.GET.get("page"))
    context = {
        "run": run,
        "result": result,
        "counts": {name: result.count(name) for name in OUTCOMES},
        "page_obj": page,
        "outcome": outcome,
        "outcomes": [
            ("awarded", _("awarded")),
            ("partly", _("partly awarded")),
            ("declined", _("declined")),
        ],
        "parameters": parameter_rows(run, result.resources),
        "unreviewed": queries.unreviewed(run.call, actor(request), run.round),
        "can_stop": policy.can_stop(actor(request), run),
        "can_adopt": policy.can_adopt(actor(request), run),
        "sets": DecisionSet.objects.visible_to(actor(request)).filter(run_pk=run.pk),
    }
    return render(request, "compute_grants/award_run.html", context)


@require_safe
def award_run_progress(request: HttpRequest, pk: int) -> HttpResponse:
    """The part of the page that changes while it runs; once it has ended, the page reloads."""
    run = _run(request, pk)
    if "HX-Request" not in request.headers:
        return redirect(run)  # opened by itself it is no page
    result = queries.Result(run, actor(request))
    context = {
        "run": run,
        "masked": result.masked,
        "can_stop": policy.can_stop(actor(request), run),
    }
    response = render(request, "compute_grants/award_run_progress.html", context)
    if not run.waiting:
        response["HX-Refresh"] = "true"
    return response


@require_POST
def award_run_stop(request: HttpRequest, pk: int) -> HttpResponse:
    run = actions.stop(_run(request, pk), by=actor(request))
    messages.success(request, _("The run is being stopped. What it found is kept."))
    return redirect(run)


@require_http_methods(["GET", "POST"])
def award_run_adopt(request: HttpRequest, pk: int) -> HttpResponse:
    """Everything the draft will hold, the dates and the reasons; then the draft."""
    run, user = _run(request, pk), actor(request)
    policy.can_adopt(user, run).require()
    form = AdoptForm(request.POST or None)
    made: list[DecisionSet] = []
    if form.is_valid() and attempt(
        form, lambda: made.append(adopt(run, terms=Terms(**form.cleaned_data), by=user))
    ):
        messages.success(request, _("The draft is ready. Read it, then ask for signatures."))
        return redirect(made[0])
    result = queries.Result(run, user)
    context = {"run": run, "form": form, "rows": result.rows, "masked": result.masked}
    return render(request, "compute_grants/award_run_adopt.html", context, status=status_of(form))


@require_safe
def award_run_compare(request: HttpRequest, code: str) -> HttpResponse:
    """Two runs of a call side by side: the differences only."""
    call = _call(request, code)
    runs = queries.runs_of(call, actor(request)).filter(result__isnull=False)
    first, second = _chosen(request, call)
    context = {
        "call": call,
        "choices": [(str(run.pk), run.name) for run in runs[:PER_PAGE]],
        "first": first,
        "second": second,
    }
    if first and second:
        pair = queries.Comparison(first, second, actor(request))
        context |= {
            "comparison": pair,
            "uses": list(zip(pair.first.uses, pair.second.uses, strict=False)),
            "parameters": named(pair.parameters, pair.first.resources),
            "page_obj": Paginator(pair.rows, ROWS).get_page(request.GET.get("page")),
        }
    return render(request, "compute_grants/award_run_compare.html", context)


def _chosen(request: HttpRequest, call: Call) -> list[AwardRun | None]:
    """The runs ?a= and ?b= name. Raises Http404 for what is not a run with a result here."""
    named = [request.GET.get(name, "") for name in ("a", "b")]
    given = [pk for pk in named if pk]
    if not all(pk.isdecimal() for pk in given):
        raise Http404
    rows = AwardRun.objects.visible_to(actor(request)).filter(call=call, result__isnull=False)
    found = {run.pk_text: run for run in rows.filter(pk__in=[pk[:18] for pk in given])}
    if not set(given) <= set(found):
        raise Http404
    return [found.get(pk) for pk in named]


@require_safe
def award_run_csv(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Every proposal and resource of the run, masked ones by their number only."""
    run = _run(request, pk)
    result = queries.Result(run, actor(request))
    return csv_response(request, f"{run.call.code}-awards-{run.pk}.csv", COLUMNS, _lines(result))


def _lines(result: queries.Result) -> list[list[object]]:
    lines: list[list[object]] = []
    for row in result.rows:
        if row.proposal is None:
            lines.append(["", row.number, "", "", row.outcome, *[""] * 6])
        for line in row.lines:
            assert row.proposal
            head = [row.rank, row.number, row.proposal.institution.name, row.merit, row.outcome]
            where = [line.resource.machine.code, line.resource.unit]
            amounts = [line.asked, line.cap, line.awarded]
            lines.append([*head, *where, *amounts, " ".join(row.reasons)])
    return lines
