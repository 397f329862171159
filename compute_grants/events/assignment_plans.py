"""Names of the events of plans of reviewers."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

EVENTS: dict[str, str | Promise] = {
    "plan.asked": _("Plan asked for"),
    "plan.begun": _("Computation begun"),
    "plan.computed": _("Plan computed"),
    "plan.failed": _("Computation failed"),
    "plan.stop_asked": _("Stop asked for"),
    "plan.stopped": _("Computation stopped"),
    "plan.pair_added": _("Reviewer planned by hand"),
    "plan.pair_removed": _("Reviewer taken out of the plan"),
    "plan.pair_locked": _("Planned pair locked"),
    "plan.pair_unlocked": _("Planned pair unlocked"),
    "plan.applied": _("Plan applied"),
}
