"""Names of the events of proposals."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

EVENTS: dict[str, str | Promise] = {
    "proposal.started": _("Proposal begun"),
    "proposal.cloned": _("Begun from an earlier proposal"),
    "proposal.saved": _("Proposal saved"),
    "proposal.submitted": _("Proposal submitted"),
    "proposal.returned": _("Returned for correction"),
    "proposal.sent_to_centres": _("Complete; sent to the centres"),
    "proposal.withdrawn": _("Proposal withdrawn"),
    "proposal.technically_reviewed": _("Technical review given"),
    "proposal.in_peer_review": _("Peer review begun"),
    "proposal.in_internal_review": _("Internal review begun"),
    "proposal.ranked_unreviewed": _("Feasible; to the panel after the technical check alone"),
}
