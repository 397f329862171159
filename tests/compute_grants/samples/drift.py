"""Samples of differences between machines and grants."""

from compute_grants.actions import drift as actions
from compute_grants.backends.memory import MemoryBackend
from consortium.actions import desired
from tests.factories import allocations as grants
from tests.samples import Samples


def samples() -> Samples:
    grant = grants.awarded()
    desired.reconcile_due()
    machine = grant.resource.machine
    MemoryBackend(machine.cluster).close(grant.account_name)
    found = actions.compare(machine, by=None)[0]
    by = grants.operator_for(grant)
    code, pk = {"code": machine.code}, {"pk": found.pk}
    return {
        "compute_grants:drift_list": ({}, by),
        "compute_grants:drift_compare": (code, by),
        "compute_grants:drift_repair": (pk, by),
        "compute_grants:drift_repair_all": (code, by),
        "api:drift-detail": (pk, by),
        "api:drift-repair": (pk, by),
    }
