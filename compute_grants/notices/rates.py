"""What people are told of rates and charging rules."""

from django.utils.translation import gettext_lazy as _

from consortium.models import Topic
from consortium.notices import Notice

MACHINES = Topic.MACHINES
NOTICES: dict[str, Notice] = {
    "machine.rate_set": Notice(
        MACHINES, _("A new exchange rate of %(machine)s holds from %(since_on)s on.")
    ),
    "machine.rate_ended": Notice(
        MACHINES, _("An exchange rate of %(machine)s ends on %(until_on)s.")
    ),
    "machine.charging_stated": Notice(
        MACHINES, _("%(machine)s charges by a new rule from %(since_on)s on.")
    ),
}
