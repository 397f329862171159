"""Names of the events of the waitlist."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

EVENTS: dict[str, str | Promise] = {
    "waitlist.least_set": _("Least that makes sense stated"),
    "waitlist.offered": _("Next on the waitlist: proposed to the panel"),
}
