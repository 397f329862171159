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
    "report.extended": _("More time for a report"),
    "report.sanction_announced": _("Told what follows if the report stays out"),
    "report.sanctioned": _("Step taken because the report is late"),
    "report.sanction_lifted": _("Step because of the late report ended"),
    "report.reminded": _("Reminded of a report"),
}
