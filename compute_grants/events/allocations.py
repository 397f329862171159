"""Names of the events of grants."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

EVENTS: dict[str, str | Promise] = {
    "allocation.awarded": _("Time awarded"),
    "allocation.activated": _("Account opened on the machine"),
    "allocation.suspended": _("Grant suspended"),
    "allocation.resumed": _("Grant resumed"),
    "allocation.closed": _("Grant closed"),
    "allocation.member_added": _("Member added"),
    "allocation.member_removed": _("Member removed"),
    "allocation.account_adopted": _("Account of the machine adopted"),
    "allocation.member_waits": _("Member waits for a user on the machine"),
    "allocation.member_ready": _("Member's user found on the machine"),
    "allocation.amended": _("Grant changed on request"),
    "allocation.part_released": _("Part of the award released"),
    "allocation.part_withheld": _("Part of the award withheld"),
    "allocation.overuse_step": _("Step of the rule on overuse"),
    "allocation.stages_planned": _("Stages of use planned"),
    "allocation.alerts_set": _("Alerts set"),
    "allocation.alert": _("Alert"),
    "allocation.overused": _("All of the grant's time used"),
}
