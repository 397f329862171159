"""Fixtures of the registry's tests: an MLflow in memory."""

import pytest

from registry import backends
from registry.backends.memory import MemoryMlflow


@pytest.fixture
def mlflow(monkeypatch) -> MemoryMlflow:
    """The MLflow that the portal asks; what a test puts in is what it has."""
    memory = MemoryMlflow()
    monkeypatch.setattr(backends, "_mlflow_at", lambda _url: memory)
    return memory
