"""Runs of the award optimiser, solved in place rather than in a process of their own."""

from compute_grants.actions import award_runs
from compute_grants.actions.award_inputs import Parameters
from compute_grants.models import AwardRun, Call, CallRound
from compute_grants.optimise import run as runner
from compute_grants.optimise.problem import Phase, Progress
from compute_grants.optimise.solve import solve
from consortium.models import User


def award_run(call: Call, *, by: User, call_round: CallRound | None = None, **figures) -> AwardRun:
    """A run that is done."""
    run = award_runs.start(call, parameters=Parameters(**figures), call_round=call_round, by=by)
    return finished(run)


def finished(run: AwardRun) -> AwardRun:
    """The run, carried out as a worker does."""
    real, runner.run = runner.run, at_once
    try:
        award_runs.carry_out(run.pk)
    finally:
        runner.run = real
    run.refresh_from_db()
    return run


def at_once(problem, *, watch, gap, seconds):
    """optimise.run.run without a child."""
    found = solve(problem, gap=gap, seconds=seconds)
    going_on = watch(runner.Report(Progress(Phase.AMOUNTS, done=True), found, found.seconds))
    return runner.Outcome(found, stopped=not going_on)
