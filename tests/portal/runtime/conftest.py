"""A launcher's state of its own, and a PostgreSQL on it."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from portal.runtime import folders
from portal.runtime.config import Config
from portal.runtime.postgres import Postgres

MakeConfig = Callable[..., Config]


@pytest.fixture
def make_config(tmp_path) -> Iterator[MakeConfig]:
    """A throw-away state; its socket folder goes with it."""
    made: list[Config] = []

    def make(state: Path | None = None, **environ: str) -> Config:
        environ["PORTAL_STATE"] = str(state or tmp_path / "state")
        config = Config.read(environ, throwaway=True)
        folders.make(config)
        made.append(config)
        return config

    yield make
    for config in made:
        shutil.rmtree(folders.sockets(config), ignore_errors=True)


@pytest.fixture
def config(make_config) -> Config:
    return make_config()


@pytest.fixture
def start(config) -> Iterator[Callable[..., Postgres]]:
    """Start PostgreSQL, on the same state each time unless told otherwise."""
    started: list[Postgres] = []

    def begin(other: Config | None = None) -> Postgres:
        server = Postgres(other or config)
        started.append(server)
        server.start()
        return server

    yield begin
    for server in started:
        if server.child:
            server.child.stop()
