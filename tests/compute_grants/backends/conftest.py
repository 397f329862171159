"""Each cluster that the portal knows of, by the same name in every test.

A call to a real one takes 0.4 s (eight exchanges of its own protocol, each waiting for an
acknowledgement), so what a test does not look at is prepared in one.
"""

import itertools

import pytest

from compute_grants.backends.base import ClusterBackend
from compute_grants.backends.memory import MemoryBackend
from compute_grants.backends.slurm import SlurmBackend
from tests.slurm_cluster import run_as

_numbers = itertools.count(1)


@pytest.fixture(params=["memory", pytest.param("slurm", marks=pytest.mark.slurm)])
def backend(request) -> ClusterBackend:
    if request.param == "memory":
        return MemoryBackend("trial")
    return request.getfixturevalue("slurm")


@pytest.fixture
def slurm(slurm_plan) -> SlurmBackend:
    return SlurmBackend(slurm_plan.name, slurm_plan.command_prefix(slurm_plan.service), 30)


@pytest.fixture
def name() -> str:
    """An account that no other test has: there is no way to delete one."""
    return f"grant_{next(_numbers)}"


@pytest.fixture
def account(request, name) -> str:
    """One that is there, open and empty. A real one is made by the centre's own hand."""
    backend = request.getfixturevalue("backend" if "backend" in request.fixturenames else "slurm")
    if isinstance(backend, MemoryBackend):
        backend.ensure_account(name, parent="consortium", description="x")
        return name
    plan = request.getfixturevalue("slurm_plan")
    words = (f"name={name}", "parent=consortium", f"cluster={plan.name}", "description=x")
    done = run_as(plan, plan.service, "sacctmgr", "-i", "-Q", "add", "account", *words)
    assert done.returncode == 0, done.stderr
    return name
