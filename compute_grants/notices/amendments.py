"""What people are told of requests to change a grant."""

from django.utils.translation import gettext_lazy as _

from consortium.models import Topic
from consortium.notices import Notice

NOTICES: dict[str, Notice] = {
    "amendment.submitted": Notice(
        Topic.ALLOCATIONS,
        _("Request %(number)s on grant %(grant)s waits for your decision until %(due_on)s."),
    ),
    "amendment.taken_up": Notice(
        Topic.ALLOCATIONS, _("%(person)s looks after request %(number)s on grant %(grant)s.")
    ),
    "amendment.applied": Notice(
        Topic.ALLOCATIONS,
        _("Request %(number)s was approved, and grant %(grant)s was changed as it asked."),
    ),
    "amendment.refused": Notice(
        Topic.ALLOCATIONS, _("Request %(number)s on grant %(grant)s was refused: %(reason)s")
    ),
    "amendment.withdrawn": Notice(
        Topic.ALLOCATIONS,
        _("Request %(number)s on grant %(grant)s was withdrawn. Nothing is left to decide."),
    ),
    "amendment.reopened": Notice(
        Topic.ALLOCATIONS,
        _("The appeal succeeded: request %(number)s on grant %(grant)s is in review again."),
    ),
    "amendment.ended": Notice(
        Topic.ALLOCATIONS,
        _("Grant %(grant)s was closed, and request %(number)s ended with it."),
    ),
}
