"""Names of the events of machines."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

EVENTS: dict[str, str | Promise] = {
    "machine.created": _("Machine added"),
    "machine.edited": _("Machine edited"),
    "machine.partition_added": _("Partition added"),
    "machine.partition_changed": _("Partition changed"),
    "machine.partition_removed": _("Partition removed"),
    "machine.peak_set": _("Peak rate stated"),
    "machine.resource_added": _("Resource offered"),
    "machine.published": _("Machine published"),
    "machine.in_maintenance": _("Maintenance begun"),
    "machine.returned_to_service": _("Returned to service"),
    "machine.retired": _("Machine retired"),
    "machine.charging_stated": _("Charging rule stated"),
    "machine.rate_set": _("Exchange rate set"),
    "machine.rate_ended": _("Exchange rate ended"),
    "machine.drift_found": _("Accounts on the machine differ from grants"),
    "machine.drift_repair": _("Accounts on the machine brought back to grants"),
    "machine.capacity_certified": _("Capacity certified"),
}
