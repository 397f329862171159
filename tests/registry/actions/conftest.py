"""A licence in the making, and a model at the gate."""

import pytest

from tests.factories.licensing import Crossing, Deal


@pytest.fixture
def deal():
    return Deal()


@pytest.fixture
def crossing():
    return Crossing()
