"""Runs of the award optimiser: started, watched, stopped, and taken up again after a crash."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from compute_grants.actions.award_inputs import Parameters, problem_of
from compute_grants.models import AwardRun, Call, CallRound
from compute_grants.optimise import run as runner
from compute_grants.optimise.explain import explain
from compute_grants.optimise.problem import Infeasible, Problem, Solution
from compute_grants.optimise.solve import GAP, SOLVER
from compute_grants.policies import award_runs as policy
from compute_grants.queries.rounds import round_to_decide
from consortium import audit
from consortium.actions.notices import notify
from consortium.errors import DomainError
from consortium.jobs import nudge
from consortium.models import User
from consortium.states import require_transition

State = AwardRun.State
STALE = timedelta(seconds=45)
ATTEMPTS = 3
AT_ONCE = 3
TASK = "compute_grants.carry_out_award_run"


class NotDeciding(DomainError):
    """Awards are proposed while the call's proposals are decided on."""


class TooManyRuns(DomainError):
    """A few runs of one call at a time, for the workers are everybody's."""


@transaction.atomic
def start(
    call: Call,
    *,
    parameters: Parameters,
    by: User,
    title: str = "",
    call_round: CallRound | None = None,
    based_on: AwardRun | None = None,
) -> AwardRun:
    """Freeze the call as it stands and queue a run. based_on: an earlier one of the same call.

    call_round: whose proposals compete, by default the one that closed last.

    Raises PermissionDenied, NotDeciding, TooManyRuns, NothingToAward, NoRate, or Invalid.
    """
    call = Call.objects.select_for_update().get(pk=call.pk)
    policy.can_start(by, call).require()
    if not call.decides_now():
        raise NotDeciding(
            _("This call is “%(state)s”. Awards are proposed while it is in review.")
            % {"state": call.get_state_display()}
        )
    if AwardRun.objects.filter(call=call, state__in=AwardRun.WAITING).count() >= AT_ONCE:
        raise TooManyRuns(_("Three runs of this call are under way. Stop one, or wait for it."))
    call_round = call_round or round_to_decide(call)
    problem = problem_of(call, parameters, call_round)
    run = AwardRun.objects.create(
        call=call,
        round=call_round,
        based_on=based_on if based_on and based_on.call_id == call.pk else None,
        title=title.strip(),
        parameters=parameters.to_data(),
        inputs=problem.to_data(),
        inputs_sha256=problem.sha256(),
        seed=parameters.seed,
        limit_seconds=parameters.limit_seconds,
        started_by=by,
    )
    audit.record("award_run.started", run, by=by, call=call.code, sha256=run.inputs_sha256)
    nudge(TASK, run.pk)
    return run


@transaction.atomic
def stop(run: AwardRun, *, by: User) -> AwardRun:
    """Ask a run to stop; what it has found by then is kept. One in the queue stops at once.

    Asked twice it does nothing more. Raises PermissionDenied, or WrongState once it has ended.
    """
    run = _locked(run.pk)
    policy.can_stop(by, run).require()
    require_transition(AwardRun.TRANSITIONS, run.state, State.STOPPED)
    if run.stop_asked:
        return run
    run.stop_asked = True
    run.save(update_fields=["stop_asked"])
    audit.record("award_run.stop_asked", run, by=by)
    if run.state == State.QUEUED:
        _end(run, State.STOPPED)
    return run


def carry_out(pk: int) -> bool:
    """Take the run up, if it waits, and see it through. Returns whether it was taken up.

    Safe to call twice, at once, and after a worker died: a run belongs to its newest attempt.
    """
    run = _claim(pk)
    if run is None:
        return False
    problem = Problem.from_data(run.inputs)

    def watch(report: runner.Report) -> bool:
        return _hear(run, report)

    try:
        outcome = runner.run(problem, watch=watch, gap=GAP, seconds=run.limit_seconds)
    except Infeasible:
        _finish(run, State.FAILED, failure="infeasible")
    except runner.Failed:
        _finish(run, State.FAILED, failure="died")
    else:
        state = State.STOPPED if outcome.stopped else State.DONE
        _finish(run, state, result=_result(problem, outcome.solution))
    return True


def _result(problem: Problem, solution: Solution | None) -> dict[str, Any] | None:
    if solution is None:
        return None
    reasons = explain(problem, solution)
    return solution.to_data() | {
        "reasons": {key: [reason.to_data() for reason in said] for key, said in reasons.items()}
    }


@transaction.atomic
def _claim(pk: int) -> AwardRun | None:
    """The run, running under a new attempt; None where there is nothing to take up."""
    run = AwardRun.objects.select_for_update(skip_locked=True).filter(pk=pk).first()
    if run is None or run.state != State.QUEUED:
        return None
    run.state = State.RUNNING
    run.attempt = F("attempt") + 1
    run.heard_at = timezone.now()
    run.solver = SOLVER
    run.save(update_fields=["state", "attempt", "heard_at", "solver"])
    run.refresh_from_db(fields=["attempt"])
    return run


def _hear(run: AwardRun, report: runner.Report) -> bool:
    """Note where it stands. False where it shall stop: on request, or taken up by another."""
    noted: dict[str, Any] = {
        "heard_at": timezone.now(),
        "elapsed_seconds": report.elapsed,
        "phase": report.progress.phase.value,
    }
    if best := report.best:
        noted |= {"best": best.merit, "bound": best.bound, "gap": best.gap}
    mine = AwardRun.objects.filter(pk=run.pk, attempt=run.attempt, state=State.RUNNING)
    return bool(mine.filter(stop_asked=False).update(**noted))


@transaction.atomic
def _finish(
    run: AwardRun, state: State, *, result: dict[str, Any] | None = None, failure: str = ""
) -> None:
    """End this attempt, unless another has taken the run up since."""
    now = _locked(run.pk)
    if now.attempt != run.attempt or now.state != State.RUNNING:
        return
    now.result = result
    now.failure = failure
    if result:
        now.best, now.bound, now.gap = result["merit"], result["bound"], result["gap"]
        now.elapsed_seconds = max(now.elapsed_seconds, result["seconds"])
    _end(now, state)


def _end(run: AwardRun, state: State) -> None:
    require_transition(AwardRun.TRANSITIONS, run.state, state)
    run.state = state
    run.ended_at = timezone.now()
    run.save()
    event = {State.DONE: "award_run.done", State.FAILED: "award_run.failed"}.get(
        state, "award_run.stopped"
    )
    audit.record(event, run, by=None, call=run.call.code, attempt=run.attempt)
    if state in {State.DONE, State.FAILED}:
        notify(event, to=[run.started_by], about=run, call=run.call.code, name=run.name)


def sweep() -> int:
    """Queue again what a dead worker left, and wake workers for what waits. Returns how many.

    A run whose worker died three times has failed.
    """
    quiet = AwardRun.objects.filter(state=State.RUNNING, heard_at__lt=timezone.now() - STALE)
    for pk in list(quiet.values_list("pk", flat=True)):
        _requeue(pk)
    waiting = list(AwardRun.objects.filter(state=State.QUEUED).order_by("pk"))
    with transaction.atomic():
        for run in waiting:
            nudge(TASK, run.pk)
    return len(waiting)


@transaction.atomic
def _requeue(pk: int) -> None:
    run = _locked(pk)
    if run.state != State.RUNNING or not run.heard_at or run.heard_at > timezone.now() - STALE:
        return
    if run.stop_asked:
        _end(run, State.STOPPED)
    elif run.attempt >= ATTEMPTS:
        run.failure = "died"
        _end(run, State.FAILED)
    else:
        require_transition(AwardRun.TRANSITIONS, run.state, State.QUEUED)
        run.state = State.QUEUED
        run.save(update_fields=["state"])
        audit.record("award_run.resumed", run, by=None, attempt=run.attempt)


def _locked(pk: int) -> AwardRun:
    return (
        AwardRun.objects.select_for_update(of=("self",))
        .select_related("call", "started_by")
        .get(pk=pk)
    )
