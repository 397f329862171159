"""Names of the events of outputs of grants."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

EVENTS: dict[str, str | Promise] = {
    "output.added": _("Output recorded"),
    "output.changed": _("Output changed"),
    "output.removed": _("Output taken back"),
}
