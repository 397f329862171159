"""For how long time is awarded."""

from datetime import date, timedelta

from compute_grants.models import Proposal
from compute_grants.months import months_later


def latest_end(proposal: Proposal, starts_on: date) -> date | None:
    """The last day an award from that day on can have; None without an access type.

    Expects the proposal's access type loaded.
    """
    kind = proposal.access_type
    return months_later(starts_on, kind.months) - timedelta(days=1) if kind else None


def within(proposal: Proposal, starts_on: date, ends_on: date) -> date:
    """The last day that is wished, or the latest there can be."""
    return min(ends_on, latest_end(proposal, starts_on) or ends_on)
