"""What tasks of several nouns say alike."""

from datetime import datetime

from django.utils.translation import gettext as _

from compute_grants.models import Proposal
from consortium.inbox import MOST as SHOWN
from consortium.inbox import Facts, named
from consortium.models import localized

__all__ = ["SHOWN", "numbered", "soon", "titled"]


def titled(proposal: Proposal | Facts) -> str:
    title = localized(proposal, "title") or _("Without a title")
    return f"{proposal.number} {title}"


def numbered(prefix: str = "") -> dict[str, str]:
    """The facts that `titled` needs of the proposal at `prefix`."""
    return named(prefix, "title", "number")


def soon(due: datetime, now: datetime) -> bool:
    return (due - now).days < 3  # noqa: PLR2004  three days
