"""What people are told of machines."""

from django.utils.translation import gettext_lazy as _

from consortium.models import Topic
from consortium.notices import Notice

NOTICES: dict[str, Notice] = {
    "machine.drift_found": Notice(
        Topic.MACHINES,
        _("Accounts on %(machine)s differ from what grants want: %(count)s new differences."),
    ),
}
