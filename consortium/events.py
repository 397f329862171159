"""What each audit event of the consortium is called on a page."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

EVENTS: dict[str, str | Promise] = {
    "person.created": _("Person added"),
    "transfer.reversed": _("Transfer reversed"),
    "hold.placed": _("Amount held"),
    "hold.posted": _("Held amount posted"),
    "hold.voided": _("Hold given back"),
    "hold.expired": _("Hold expired"),
    "effect.settled": _("Other system matches"),
    "effect.retried": _("Change to another system tried again by hand"),
}
