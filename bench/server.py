"""A PostgreSQL of our own, set as in production: every commit waits for the disk."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from portal.runtime import folders
from portal.runtime.config import Config
from portal.runtime.postgres import SUPERUSER, Postgres


@contextmanager
def production_like() -> Iterator[Postgres]:
    """Started in a folder of its own (below TMPDIR), stopped and removed afterwards."""
    state = Path(tempfile.mkdtemp(prefix="portal-bench-"))
    config = Config.read({"PORTAL_STATE": str(state)})
    try:
        folders.make(config)
        server = Postgres(config)
        server.start()
        try:
            yield server
        finally:
            if server.child:
                server.child.stop()
    finally:
        shutil.rmtree(folders.sockets(config), ignore_errors=True)
        shutil.rmtree(state, ignore_errors=True)


def make_database(server: Postgres, name: str) -> str:
    """An empty database; returns its URL for the superuser."""
    with server.connect() as link:
        link.execute(f'CREATE DATABASE "{name}"')
    return server.url(SUPERUSER, name)


def client_environment(server: Postgres, database: str) -> dict[str, str]:
    """What PostgreSQL's own programs need to sign in."""
    return os.environ | {
        "PGHOST": str(server.sockets),
        "PGUSER": SUPERUSER,
        "PGPASSWORD": folders.secret_text(server.config, f"postgresql-{SUPERUSER}"),
        "PGDATABASE": database,
    }
