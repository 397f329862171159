"""Samples of usage."""

from compute_grants.actions.usage import import_sacct
from tests.factories import allocations as grants
from tests.samples import Samples


def samples() -> Samples:
    grant = grants.active()
    by = grants.operator_for(grant)
    imported = import_sacct(
        machine=grant.resource.machine,
        stream=grants.sacct([grants.row(grant), grants.row(grant, job=2, state="FAILED")]),
        source="sacct.psv",
        by=by,
    )
    pk = {"pk": imported.pk}
    return {
        "compute_grants:usage_import_list": ({}, by),
        "compute_grants:usage_import_create": ({}, by),
        "compute_grants:usage_import": (pk, by),
        "api:usageimport-detail": (pk, by),
    }
