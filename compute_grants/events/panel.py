"""Names of the events of the panel's acts."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

EVENTS: dict[str, str | Promise] = {
    "proposal.ranked": _("Ranked"),
    "proposal.awarded": _("Time awarded"),
    "proposal.rejected": _("Proposal rejected"),
    "proposal.letter_issued": _("Letter of the decision issued"),
    "proposal.waitlisted": _("Proposal waitlisted"),
    "panel.conflict_declared": _("Conflict declared by a member of the panel"),
}
