"""Names of the events of readings of usage."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

EVENTS: dict[str, str | Promise] = {
    "usage.import_started": _("Reading of usage begun"),
    "usage.imported": _("Usage read"),
    "usage.import_interrupted": _("Reading of usage interrupted"),
}
