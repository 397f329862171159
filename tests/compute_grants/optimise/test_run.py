"""A search in a process of its own: watched, stopped, and ended when it dies."""

import os
import signal

import pytest

from bench import awards as bench
from compute_grants.optimise import run as runner
from compute_grants.optimise.problem import Fixed, Infeasible, Phase
from compute_grants.optimise.run import Failed, run
from compute_grants.optimise.solve import solve
from tests.compute_grants.optimise.cases import problem, proposal

SMALL = problem(proposal("p", a=10), proposal("q", a=20))


@pytest.fixture
def children(monkeypatch):
    """Every child that was started."""
    started = []
    real = runner.subprocess.Popen

    def popen(*args, **kwargs):
        started.append(real(*args, **kwargs))
        return started[-1]

    monkeypatch.setattr(runner.subprocess, "Popen", popen)
    return started


def test_the_same_answer_and_every_phase_told():
    heard = []

    def watch(report):
        heard.append(report)
        return True

    outcome = run(SMALL, watch=watch)
    assert outcome.solution and not outcome.stopped
    assert outcome.solution.awards == solve(SMALL).awards
    done = [report.progress.phase for report in heard if report.progress.done]
    assert done == [Phase.MERIT, Phase.ORDER, Phase.AMOUNTS]
    assert heard[-1].best and heard[-1].elapsed > 0


def test_stopped_it_gives_the_best_so_far(children):
    outcome = run(bench.problem(30, 3), watch=lambda report: not report.progress.done)
    assert outcome.stopped
    assert outcome.solution and outcome.solution.awards
    assert children[0].returncode == -signal.SIGKILL


def test_what_cannot_be_is_said():
    both = [proposal(key, a=100, more={"fixed": Fixed.AWARDED}) for key in ("one", "two")]
    with pytest.raises(Infeasible):
        run(problem(*both, min_share=1.0), watch=lambda _report: True)


def test_a_dead_child_is_noticed(children):
    def watch(_report):
        os.kill(children[0].pid, signal.SIGKILL)
        return True

    with pytest.raises(Failed, match="-9"):
        run(bench.problem(60, 5), watch=watch)
