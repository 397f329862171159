"""Names of the events of ties and waivers."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

EVENTS: dict[str, str | Promise] = {
    "tie.recorded": _("Tie recorded"),
    "tie.retracted": _("Tie taken back"),
    "tie.policy_set": _("Windows of conflicts set"),
    "waiver.asked": _("Waiver asked for"),
    "waiver.approved": _("Waiver approved"),
    "waiver.refused": _("Waiver refused"),
    "waiver.revoked": _("Waiver revoked"),
}
