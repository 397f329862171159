"""What people are told of the closing of grants."""

from django.utils.translation import gettext_lazy as _

from consortium.models import Topic
from consortium.notices import Notice

NOTICES: dict[str, Notice] = {
    "closure.made": Notice(
        Topic.ALLOCATIONS,
        _("The books of %(grant)s are closed. The closing statement is ready."),
    ),
}
