"""Names of the events of sets of decisions."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

EVENTS: dict[str, str | Promise] = {
    "decision_set.prepared": _("Decisions prepared"),
    "decision_set.changed": _("Decisions changed"),
    "decision_set.item_written": _("Decision written"),
    "decision_set.item_removed": _("Decision taken out of the set"),
    "decision_set.reopened": _("Set taken back, its signatures cleared"),
    "decision_set.proposed": _("Signatures asked for"),
    "decision_set.signed": _("Decisions signed"),
    "decision_set.signature_taken_back": _("Signature taken back for a conflict"),
    "decision_set.published": _("Decisions published"),
    "decision_set.discarded": _("Decisions discarded"),
}
