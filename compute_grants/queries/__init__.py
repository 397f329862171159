"""What the pages of compute grants show: frozen rows, by a fixed number of queries."""

from compute_grants.queries.calls import open_calls
from compute_grants.queries.machines import machines_overview
from compute_grants.queries.tasks import holdings_for, tasks_for

__all__ = ["holdings_for", "machines_overview", "open_calls", "tasks_for"]
