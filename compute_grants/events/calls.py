"""Names of the events of calls."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

EVENTS: dict[str, str | Promise] = {
    "call.created": _("Call drafted"),
    "call.edited": _("Call edited"),
    "call.rubric_set": _("Rubric set"),
    "call.budget_set": _("Budget set"),
    "call.panel_set": _("Panel appointed"),
    "call.published": _("Call published"),
    "call.opened": _("Call opened"),
    "call.in_review": _("Call closed to proposals"),
    "call.decided": _("Call decided"),
    "call.closed": _("Call closed"),
}
