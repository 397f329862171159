"""Samples of machines."""

from compute_grants.models import Machine
from tests.factories import compute_grants as make
from tests.samples import Samples


def samples() -> Samples:
    public = make.machine()
    draft: Machine = make.machine(published=False)
    operator = make.operator_of(draft.centre)
    partition = draft.partitions.get()
    code = {"code": draft.code}
    of_partition = code | {"pk": partition.pk}
    return {
        "compute_grants:machine_list": ({}, None),
        "compute_grants:machine_months": ({"code": public.code}, None),
        "compute_grants:machine_create": ({}, operator),
        "compute_grants:machine": ({"code": public.code}, None),
        "compute_grants:machine_edit": (code, operator),
        "compute_grants:machine_publish": (code, operator),
        "compute_grants:machine_state": (code, operator),
        "compute_grants:machine_capacity": (code, operator),
        "compute_grants:resource_create": (code, operator),
        "compute_grants:partition_create": (code, operator),
        "compute_grants:partition_change": (of_partition, operator),
        "compute_grants:partition_peaks": (of_partition, operator),
        "compute_grants:partition_remove": (of_partition, operator),
    }
