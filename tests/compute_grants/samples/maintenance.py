"""Samples of planned stops."""

from tests.factories.compute_grants import operator_of
from tests.factories.machines import MaintenanceWindowFactory
from tests.samples import Samples


def samples() -> Samples:
    window = MaintenanceWindowFactory.create()
    begun = MaintenanceWindowFactory.create(under_way=True)
    pk, operator = {"pk": window.pk}, operator_of(window.machine.centre)
    of_begun = ({"pk": begun.pk}, operator_of(begun.machine.centre))
    return {
        "compute_grants:maintenance_list": ({}, None),
        "compute_grants:maintenance_plan": ({"code": window.machine.code}, operator),
        "compute_grants:maintenance_change": (pk, operator),
        "compute_grants:maintenance_cancel": (pk, operator),
        "compute_grants:maintenance_finish": of_begun,
        "api:maintenancewindow-detail": (pk, operator),
        "api:maintenancewindow-cancel": (pk, operator),
        "api:maintenancewindow-finish": of_begun,
    }
