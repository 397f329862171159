"""Read models for pages and reports, one module per noun."""

from registry.queries.catalogue import newest_releases

__all__ = ["newest_releases"]
