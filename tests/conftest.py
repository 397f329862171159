"""Fixtures for every test: people in their roles, by name."""

import pytest

from consortium.models import User
from tests.factories.consortium import PersonFactory


@pytest.fixture
def person(db) -> User:
    """Somebody signed up and nothing more."""
    return PersonFactory.create()
