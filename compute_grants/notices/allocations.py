"""What people are told of grants."""

from consortium.notices import Notice

NOTICES: dict[str, Notice] = {}
