"""Fixtures of the tests here."""

import time

import pytest

from tests.registry.views.pages import BACKEND


@pytest.fixture
def enter(client):
    """Sign in as somebody who has just confirmed who they are."""

    def sign_in(person, *, proved=True):
        person.set_password("not needed to sign in here")  # to have a way to confirm by
        person.save()
        client.force_login(person, backend=BACKEND)
        if proved:
            session = client.session
            session["account_authentication_methods"] = [
                {"method": "password", "at": time.time(), "reauthenticated": True}
            ]
            session["account_authentication_methods_user"] = str(person.pk)
            session.save()
        return client

    return sign_in
