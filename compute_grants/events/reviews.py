"""Names of the events of reviews."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

EVENTS: dict[str, str | Promise] = {
    "review.invited": _("Reviewer invited"),
    "review.confirmed": _("No conflict declared"),
    "review.declined": _("Conflict declared"),
    "review.submitted": _("Review submitted"),
}
