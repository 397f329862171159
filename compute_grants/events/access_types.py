"""Names of the events of access types."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

EVENTS: dict[str, str | Promise] = {
    "access_type.created": _("Access type made"),
    "access_type.revised": _("Access type revised"),
}
