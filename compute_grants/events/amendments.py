"""Names of the events of requests to change a grant."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

EVENTS: dict[str, str | Promise] = {
    "amendment.drafted": _("Request drafted"),
    "amendment.revised": _("Draft of a request changed"),
    "amendment.submitted": _("Request handed in"),
    "amendment.taken_up": _("Request taken up"),
    "amendment.word_given": _("Word given on a request"),
    "amendment.approved": _("Request approved"),
    "amendment.refused": _("Request refused"),
    "amendment.withdrawn": _("Request withdrawn"),
    "amendment.applied": _("Request carried out"),
    "amendment.reopened": _("Request back in review after an appeal"),
    "amendment.advance_repaid": _("Advance paid back by a later award"),
}
