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
    "allocation.overused": _("All of the grant's time used"),
}
