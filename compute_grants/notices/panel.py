"""What people are told of the panel's acts."""

from consortium.notices import Notice

NOTICES: dict[str, Notice] = {}
