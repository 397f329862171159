"""A person who uses the pages, for the tests of forms."""

from django.test import Client
from django.urls import reverse

from tests.factories import compute_grants as make

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
HOUR = make.HOUR


class Person:
    """Somebody at a browser without JavaScript."""

    def __init__(self, user) -> None:
        self.user = user
        self.client = Client()
        self.client.force_login(user, backend=BACKEND)

    def get(self, name: str, *args):
        return self.client.get(reverse(f"compute_grants:{name}", args=args))

    def send(self, page: str, /, *args, **data):
        return self.client.post(reverse(f"compute_grants:{page}", args=args), data)


def text(response) -> str:
    return response.content.decode()
