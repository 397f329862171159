"""What people are told of use it or lose it."""

from django.utils.translation import gettext_lazy as _

from consortium.models import Topic
from consortium.notices import Notice

GRANTS = Topic.ALLOCATIONS
NOTICES: dict[str, Notice] = {
    "reclaim.noticed": Notice(
        GRANTS,
        _(
            "%(hours)s unused hours of grant %(grant)s go back to the call on %(due_on)s. Use "
            "them, or ask for an exemption until %(ask_until_on)s."
        ),
    ),
    "reclaim.exemption_asked": Notice(
        GRANTS,
        _("The lead of grant %(grant)s asks for an exemption. Decide before %(due_on)s."),
    ),
    "reclaim.exempted": Notice(
        GRANTS, _("Grant %(grant)s keeps its hours: the exemption was given. %(reason)s")
    ),
    "reclaim.exemption_refused": Notice(
        GRANTS,
        _(
            "The exemption for grant %(grant)s was refused: %(reason)s The hours go back on "
            "%(due_on)s."
        ),
    ),
    "reclaim.applied": Notice(
        GRANTS, _("%(hours)s unused hours of grant %(grant)s went back to the call.")
    ),
    "reclaim.cancelled": Notice(GRANTS, _("Grant %(grant)s keeps its hours: %(reason)s")),
}
