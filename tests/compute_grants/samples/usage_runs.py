"""Samples of job runs."""

from compute_grants.actions.usage import import_sacct
from compute_grants.models import UsageRecord
from tests.factories import allocations as grants
from tests.samples import Samples


def samples() -> Samples:
    grant = grants.active()
    by = grants.operator_for(grant)
    rows = [grants.row(grant), grants.row(grant, job=2, state="FAILED")]
    machine = grant.resource.machine
    import_sacct(machine=machine, stream=grants.sacct(rows), source="sacct.psv", by=by)
    pk = {"pk": UsageRecord.objects.filter(allocation=grant).earliest("pk").pk}
    return {
        "compute_grants:usage_run": (pk, by),
        "api:usagerun-detail": (pk, by),
        "compute_grants:usage_run_list": ({}, by),
        "compute_grants:usage_run_csv": ({}, by),
        "api:usagerun-list": ({}, by),
    }
