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
        _(
            "Report %(number)s on %(grant)s was returned for correction until %(due_on)s: "
            "%(reason)s"
        ),
    ),
    "report.refused_soon": Notice(
        GRANTS,
        _(
            "Report %(number)s on %(grant)s was due on %(due_on)s. From %(begins_on)s on you "
            "cannot submit proposals and requests until it is in."
        ),
    ),
    "report.refused": Notice(
        GRANTS,
        _(
            "Report %(number)s on %(grant)s was due on %(due_on)s. You cannot submit proposals "
            "and requests until it is in."
        ),
    ),
    "report.suspended_soon": Notice(
        GRANTS,
        _(
            "Report %(number)s on %(grant)s was due on %(due_on)s. From %(begins_on)s on your "
            "running grants take no new jobs until it is in."
        ),
    ),
    "report.suspended": Notice(
        GRANTS,
        _(
            "Report %(number)s on %(grant)s was due on %(due_on)s. Your running grants take no "
            "new jobs until it is in."
        ),
    ),
    "report.grant_suspended": Notice(
        GRANTS,
        _("%(grant)s takes no new jobs because report %(number)s is late. Its lead can submit it."),
    ),
    "report.grant_resumed": Notice(
        GRANTS, _("Report %(number)s is settled. %(grant)s takes jobs again.")
    ),
    "report.extended": Notice(
        GRANTS, _("The report on %(grant)s is now due on %(due_on)s: %(reason)s")
    ),
    "report.waived": Notice(
        GRANTS, _("The report on %(grant)s is not needed any more: %(reason)s")
    ),
    "report.accepted": Notice(GRANTS, _("Report %(number)s on %(grant)s was accepted.")),
}
