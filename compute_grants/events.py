"""What each audit event of this app is called on a page."""

from django.utils.functional import Promise

EVENTS: dict[str, str | Promise] = {}
