"""Names of the events of reports on grants."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

EVENTS: dict[str, str | Promise] = {
    "report.asked": _("Report asked for"),
    "report.moved": _("Due date of a report moved with the grant's end"),
    "report.saved": _("Report saved"),
    "report.submitted": _("Report submitted"),
    "report.returned": _("Report returned for correction"),
    "report.accepted": _("Report accepted"),
    "report.waived": _("Report not needed any more"),
    "report.reminded": _("Reminded of a report"),
}
