"""Names of the events of ties and waivers."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

EVENTS: dict[str, str | Promise] = {
    "tie.recorded": _("Tie recorded"),
    "tie.retracted": _("Tie taken back"),
    "tie.detected": _("Tie found by the portal"),
    "tie.evidence_changed": _("Evidence of a tie changed"),
    "tie.withdrawn": _("Tie withdrawn by the portal: nothing supports it any more"),
    "tie.disputed": _("Tie disputed"),
    "tie.dispute_accepted": _("Dispute accepted, tie taken back"),
    "tie.dispute_refused": _("Dispute refused, tie stands"),
    "tie.policy_set": _("Windows of conflicts set"),
    "waiver.asked": _("Waiver asked for"),
    "waiver.approved": _("Waiver approved"),
    "waiver.refused": _("Waiver refused"),
    "waiver.revoked": _("Waiver revoked"),
}
