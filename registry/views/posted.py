from __future__ import annotations

from django.http import HttpRequest, QueryDict


def posted(request: HttpRequest) -> QueryDict | None:
    """What a form is bound to: what was sent, even if nothing; None when it is only shown."""
    return request.POST if request.method == "POST" else None
