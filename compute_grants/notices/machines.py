"""What people are told of machines."""

from consortium.notices import Notice

NOTICES: dict[str, Notice] = {}
