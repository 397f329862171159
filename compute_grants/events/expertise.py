"""Names of the events of reviewers' expertise and of topics."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

EVENTS: dict[str, str | Promise] = {
    "expertise.stated": _("Expertise stated"),
    "topic.added": _("Topic added"),
    "topic.retired": _("Topic retired"),
}
