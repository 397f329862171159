"""Names of the events of awards that are offered to their leads."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

EVENTS: dict[str, str | Promise] = {
    "acceptance.offered": _("Award offered for acceptance"),
    "acceptance.accepted": _("Award accepted"),
    "acceptance.declined": _("Award declined"),
    "acceptance.lapsed": _("Award lapsed"),
}
