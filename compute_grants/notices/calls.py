"""What people are told of calls that they follow or have begun a proposal under."""

from django.utils.translation import gettext_lazy as _

from consortium.models import Topic
from consortium.notices import Notice

CALLS = Topic.CALLS
NOTICES: dict[str, Notice] = {
    "call.opened": Notice(CALLS, _("“%(title)s” takes proposals until %(closes_at)s.")),
    "call.extended": Notice(
        CALLS, _("“%(title)s” closes later, at %(closes_at)s. The reason: %(reason)s")
    ),
    "call.round_added": Notice(
        CALLS,
        _("“%(title)s” has one more round, from %(opens_at)s until %(closes_at)s."),
    ),
    "call.budget_raised": Notice(
        CALLS, _("“%(title)s” offers more time on %(machine)s: %(hours)s hours in all.")
    ),
    "call.document_attached": Notice(CALLS, _("A document was added to “%(title)s”: %(document)s")),
    "call.closes_soon": Notice(CALLS, _("“%(title)s” closes at %(closes_at)s.")),
    "call.decided": Notice(CALLS, _("All proposals under “%(title)s” are decided.")),
}
