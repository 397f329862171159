"""A session that has just proved who it is, as a signature asks for."""

import time

from django.test import Client

from consortium.models import User


def prove(client: Client, person: User) -> None:
    session = client.session
    session["account_authentication_methods"] = [
        {"method": "password", "at": time.time(), "reauthenticated": True}
    ]
    session["account_authentication_methods_user"] = str(person.pk)
    session.save()


def with_password(person: User) -> User:
    """The person with a way to confirm who they are; before they sign in."""
    person.set_password("not needed to sign in here")
    person.save(update_fields=["password"])
    return person
