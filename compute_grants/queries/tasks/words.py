"""What tasks of several nouns say alike."""

from datetime import datetime

from django.utils.translation import gettext as _

from compute_grants.models import Proposal

SHOWN = 20  # of one kind: a longer list is read on its own page


def titled(proposal: Proposal) -> str:
    title = proposal.title or _("Without a title")
    return f"{proposal.number} {title}"


def soon(due: datetime, now: datetime) -> bool:
    return (due - now).days < 3  # noqa: PLR2004  three days
