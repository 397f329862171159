"""Names of the events of use it or lose it."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

EVENTS: dict[str, str | Promise] = {
    "reclaim.planned": _("Taking back planned"),
    "reclaim.noticed": _("Notice of taking back given"),
    "reclaim.exemption_asked": _("Exemption asked for"),
    "reclaim.exempted": _("Exemption given"),
    "reclaim.exemption_refused": _("Exemption refused"),
    "reclaim.applied": _("Unused time taken back"),
    "reclaim.cancelled": _("Taking back called off"),
}
