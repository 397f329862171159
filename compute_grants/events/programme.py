"""Names of the events of the programme's rules."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

EVENTS: dict[str, str | Promise] = {
    "policy.published": _("Rule of the programme published"),
}
