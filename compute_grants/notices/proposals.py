"""What people are told of proposals."""

from consortium.notices import Notice

NOTICES: dict[str, Notice] = {}
