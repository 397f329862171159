"""Samples of accounts that a machine has already."""

from compute_grants.backends.memory import MemoryBackend
from consortium.actions import desired
from tests.factories import allocations as grants
from tests.samples import Samples


def samples() -> Samples:
    grant = grants.awarded()
    desired.reconcile_due()
    machine, by = grant.resource.machine, grants.operator_for(grant)
    backend = MemoryBackend(machine.cluster)
    backend.ensure_account("physics", parent="root", description="x")
    backend.ensure_member("physics", grant.members.get().cluster_user)
    code, number = {"code": machine.code}, {"number": grant.number}
    return {
        "compute_grants:machine_accounts": (code, by),
        "compute_grants:allocation_adopt": (number, by),
        "api:machine-accounts": (code, by),
        "api:allocation-adopt": (number, by),
    }
