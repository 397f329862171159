"""Names of the events of the closing of grants."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

EVENTS: dict[str, str | Promise] = {"closure.made": _("Books closed")}
