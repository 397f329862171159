"""What each audit event of the consortium is called on a page."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

EVENTS: dict[str, str | Promise] = {
    "person.created": _("Person added"),
}
