"""Read models for pages and reports, one module per noun."""

from registry.queries.catalogue import newest_releases
from registry.queries.tasks import holdings_for, tasks_for

__all__ = ["holdings_for", "newest_releases", "tasks_for"]
