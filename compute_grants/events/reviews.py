"""Names of the events of reviews."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

EVENTS: dict[str, str | Promise] = {
    "review.invited": _("Reviewer invited"),
    "review.confirmed": _("No conflict declared"),
    "review.declined": _("Conflict declared"),
    "review.declined_without_conflict": _("Review declined"),
    "review.submitted": _("Review submitted"),
    "review.extended": _("Due time extended"),
    "review.taken_back": _("Invitation taken back"),
    "review.reopened": _("Review reopened"),
    "review.kept": _("Review left as it was"),
    "review.reminded": _("Reviewer reminded"),
    "review.escalated": _("Overdue review brought to the office"),
    "proposal.rebuttal_opened": _("Rebuttal opened"),
    "proposal.rebuttal_extended": _("Rebuttal extended"),
    "proposal.rebuttal_answered": _("Review answered by the lead"),
}
