"""Names of the events of planned stops."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

EVENTS: dict[str, str | Promise] = {
    "maintenance.planned": _("Maintenance planned"),
    "maintenance.moved": _("Maintenance moved"),
    "maintenance.reworded": _("Maintenance note changed"),
    "maintenance.cancelled": _("Maintenance cancelled"),
    "maintenance.begun": _("Planned maintenance begun"),
    "maintenance.done": _("Planned maintenance over"),
    "maintenance.ended": _("Planned maintenance ended with the machine"),
}
