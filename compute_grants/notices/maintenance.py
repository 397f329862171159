"""What people with time on a machine are told of its planned stops."""

from django.utils.translation import gettext_lazy as _

from consortium.models import Topic
from consortium.notices import Notice

MACHINES = Topic.MACHINES
NOTICES: dict[str, Notice] = {
    "maintenance.planned": Notice(
        MACHINES, _("%(machine)s will be in maintenance from %(starts_at)s until %(ends_at)s.")
    ),
    "maintenance.moved": Notice(
        MACHINES,
        _("The maintenance of %(machine)s is now from %(starts_at)s until %(ends_at)s."),
    ),
    "maintenance.cancelled": Notice(
        MACHINES,
        _("The maintenance of %(machine)s planned for %(starts_at)s was cancelled."),
    ),
    "maintenance.done": Notice(MACHINES, _("%(machine)s is back in service.")),
}
