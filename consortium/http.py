"""Who is asking."""

from django.http import HttpRequest

from consortium.models import User


def actor(request: HttpRequest) -> User:
    """The signed-in person. Use behind an access rule that needs one."""
    assert isinstance(request.user, User), "this route's rule must require a person"
    return request.user
