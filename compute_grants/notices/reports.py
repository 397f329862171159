"""What people are told of reports on grants."""

from django.utils.translation import gettext_lazy as _

from consortium.models import Topic
from consortium.notices import Notice

GRANTS = Topic.ALLOCATIONS
NOTICES: dict[str, Notice] = {
    "report.asked": Notice(
        GRANTS, _("The final report on %(grant)s is due on %(due_on)s. You can begin it now.")
    ),
    "report.due_soon": Notice(GRANTS, _("A report on %(grant)s is due on %(due_on)s.")),
    "report.due_today": Notice(GRANTS, _("A report on %(grant)s is due today. Submit it.")),
    "report.overdue": Notice(
        GRANTS,
        _("A report on %(grant)s was due on %(due_on)s and is not in. Submit it now."),
    ),
    "report.submitted": Notice(
        GRANTS, _("Report %(number)s on %(grant)s was submitted. Accept it or return it.")
    ),
    "report.returned": Notice(
        GRANTS,
        _("Report %(number)s on %(grant)s was returned for correction: %(reason)s"),
    ),
    "report.accepted": Notice(GRANTS, _("Report %(number)s on %(grant)s was accepted.")),
}
