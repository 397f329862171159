"""Names of the events of calls."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

EVENTS: dict[str, str | Promise] = {
    "call.created": _("Call drafted"),
    "call.edited": _("Call edited"),
    "call.rubric_set": _("Rubric set"),
    "call.budget_set": _("Budget set"),
    "call.rounds_set": _("Rounds set"),
    "call.eligibility_set": _("Eligibility rules set"),
    "call.access_set": _("Access types chosen"),
    "call.extended": _("Closing time extended"),
    "call.round_added": _("Round added"),
    "call.budget_raised": _("Budget raised"),
    "call.panel_set": _("Panel appointed"),
    "call.published": _("Call published"),
    "call.document_attached": _("Document attached"),
    "call.document_removed": _("Document taken off"),
    "call.closes_soon": _("Reminded of the closing time"),
    "call.opened": _("Call opened"),
    "call.in_review": _("Call closed to proposals"),
    "call.decided": _("Call decided"),
    "call.closed": _("Call closed"),
}
