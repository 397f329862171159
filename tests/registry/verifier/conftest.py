"""Fixtures of the tests here."""

import pytest

from tests.registry.verifier.papers import Maker


@pytest.fixture
def maker():
    return Maker()
