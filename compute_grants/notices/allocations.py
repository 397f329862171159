"""What people are told of grants."""

from django.utils.translation import gettext_lazy as _

from consortium.models import Topic
from consortium.notices import Notice

GRANTS = Topic.ALLOCATIONS
NOTICES: dict[str, Notice] = {
    "allocation.activated": Notice(
        GRANTS, _("The account of grant %(number)s is open on %(machine)s. Jobs can start.")
    ),
    "allocation.member_added": Notice(
        GRANTS, _("You were added to grant %(number)s. Your name on the machine is %(name)s.")
    ),
    "allocation.member_waits": Notice(
        GRANTS,
        _(
            "%(machine)s has no user %(name)s yet. You can run jobs on grant %(number)s once the "
            "centre has made one."
        ),
    ),
    "allocation.member_ready": Notice(
        GRANTS, _("The user %(name)s is on %(machine)s now. You can run jobs on grant %(number)s.")
    ),
    "allocation.member_left": Notice(
        GRANTS,
        _("%(person)s left the institution and is no longer a member of grant %(number)s."),
    ),
    "allocation.suspended": Notice(GRANTS, _("Grant %(number)s was suspended: %(reason)s")),
    "allocation.resumed": Notice(GRANTS, _("Grant %(number)s runs again.")),
    "allocation.closed": Notice(GRANTS, _("Grant %(number)s was closed: %(reason)s")),
    "allocation.part_released": Notice(
        GRANTS, _("%(hours)s more hours of grant %(number)s are released.")
    ),
    "allocation.part_withheld": Notice(
        GRANTS, _("%(hours)s hours of grant %(number)s went back to the call: %(reason)s")
    ),
    "allocation.alert_used": Notice(
        GRANTS, _("%(threshold)s%% of the hours of grant %(number)s are used.")
    ),
    "allocation.alert_runs_out": Notice(
        GRANTS, _("At the current pace the hours of grant %(number)s run out before it ends.")
    ),
    "allocation.alert_idle": Notice(
        GRANTS, _("Nothing was used of grant %(number)s for %(threshold)s days.")
    ),
    "allocation.overuse_none": Notice(
        GRANTS, _("Grant %(number)s is within its hours again; the machine treats it as before.")
    ),
    "allocation.overuse_low": Notice(
        GRANTS, _("Grant %(number)s is beyond its hours: its new jobs wait behind those of others.")
    ),
    "allocation.overuse_few": Notice(
        GRANTS, _("Grant %(number)s is far beyond its hours: only few of its jobs run at a time.")
    ),
    "allocation.overuse_suspended": Notice(
        GRANTS,
        _("Grant %(number)s is suspended for overuse. Ask for a supplement or a transfer."),
    ),
}
