"""Names of the events of teams."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

EVENTS: dict[str, str | Promise] = {
    "proposal.member_invited": _("Person asked onto the team"),
    "proposal.member_confirmed": _("Person joined the team"),
    "proposal.member_declined": _("Person declined or left the team"),
    "proposal.member_removed": _("Person taken off the team"),
}
