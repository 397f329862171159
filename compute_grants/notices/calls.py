"""What people are told of calls."""

from consortium.notices import Notice

NOTICES: dict[str, Notice] = {}
