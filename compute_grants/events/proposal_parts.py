"""Names of the events of a proposal's files."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

EVENTS: dict[str, str | Promise] = {
    "proposal.file_attached": _("File attached"),
    "proposal.file_removed": _("File removed"),
}
