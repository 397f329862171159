"""Planned stops, rates and rules of machines."""

import factory
from factory.django import DjangoModelFactory

from compute_grants.models import MaintenanceWindow
from tests.factories.compute_grants import MachineFactory, ago, operator_of


class MaintenanceWindowFactory(DjangoModelFactory):
    """Planned for tomorrow, of a machine in service."""

    class Meta:
        model = MaintenanceWindow

    class Params:
        under_way = factory.Trait(
            state=MaintenanceWindow.State.UNDER_WAY,
            starts_at=factory.LazyFunction(lambda: ago(hours=1)),
        )
        over = factory.Trait(
            state=MaintenanceWindow.State.DONE,
            starts_at=factory.LazyFunction(lambda: ago(days=9)),
            ends_at=factory.LazyFunction(lambda: ago(days=8)),
        )

    machine = factory.SubFactory(MachineFactory, published=True)
    starts_at = factory.LazyFunction(lambda: ago(days=-1))
    ends_at = factory.LazyFunction(lambda: ago(days=-2))
    note_en = "Cooling is renewed."
    note_zh = "更换冷却系统。"
    planned_by = factory.LazyAttribute(lambda o: operator_of(o.machine.centre))
