"""What people are told of reviews."""

from consortium.notices import Notice

NOTICES: dict[str, Notice] = {}
