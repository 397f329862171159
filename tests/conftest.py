"""Fixtures for every test: people in their roles, by name."""

import pytest
from django.conf import settings
from django.db import connection
from django.utils import translation

from consortium.models import User
from tests import intruder
from tests.factories.consortium import PersonFactory

# One browser for all folders whose tests drive it: a second one could not start beside it.
# One Slurm cluster for all who talk to it: a second one would take its seconds again.
pytest_plugins = ["tests.browser.visiting", "tests.slurm_cluster"]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--shots", default="", help="folder for pictures of the pages visited")


@pytest.fixture
def person(db) -> User:
    """Somebody signed up and nothing more."""
    return PersonFactory.create()


@pytest.fixture(scope="session", autouse=True)
def signing_keys(tmp_path_factory):
    """Keys of this test run's own, never those of a site."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(settings, "SIGNING_KEYS_DIR", tmp_path_factory.mktemp("keys") / "signing")
        yield


@pytest.fixture(scope="session", autouse=True)
def artifact_store(tmp_path_factory):
    """A store of this test run's own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(settings, "ARTIFACT_ROOT", str(tmp_path_factory.mktemp("artifacts")))
        yield


@pytest.fixture(scope="session", autouse=True)
def handed_in_files(tmp_path_factory):
    """A folder of this test run's own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(settings, "FILES_DIR", tmp_path_factory.mktemp("files") / "kept")
        yield


@pytest.fixture(autouse=True)
def speaks_english():
    """A page in Chinese leaves its thread speaking Chinese: each test begins in English."""
    translation.activate("en")


@pytest.fixture(scope="session", autouse=True)
def flush_may_truncate():
    """Append-only tables can be emptied between transactional tests (tests/intruder.py)."""
    with pytest.MonkeyPatch.context() as patch:
        intruder.let_flush_truncate(patch)
        yield


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """Live servers' threads may hold connections after them; a database in use is not dropped."""
    yield
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            " AND backend_type = 'client backend'"
        )
