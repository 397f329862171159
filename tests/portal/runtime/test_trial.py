"""`python -m portal.runtime test -- command`: servers of its own, gone afterwards."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.services
LOOK = """
import os, psycopg, sys
with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as owner:
    owner.execute("CREATE DATABASE test_made")
with psycopg.connect(os.environ["DATABASE_URL"].replace("/portal?", "/test_made?")) as owner:
    owner.execute("CREATE TABLE note (id bigserial, body text)")
    owner.execute("SET session_replication_role = replica")
    owner.execute("SET ROLE portal_web")
    owner.execute("INSERT INTO note (body) VALUES ('as the site')")
print("state", os.environ["PORTAL_STATE"])
print("testing", os.environ["PORTAL_TESTING"])
sys.exit(7)
"""


def trial(*command: str, **environ: str) -> subprocess.CompletedProcess[str]:
    cleared = {
        name: value
        for name, value in os.environ.items()
        if name not in {"DATABASE_URL", "DATABASE_OWNER_URL", "PORTAL_STATE", "PORT"}
    }
    return subprocess.run(
        [sys.executable, "-m", "portal.runtime", "test", "--only-database", "--", *command],
        env=cleared | environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_gives_a_command_a_database_and_passes_its_code_on():
    done = trial(sys.executable, "-c", LOOK)
    assert done.returncode == 7, done.stderr
    said = dict(line.split() for line in done.stdout.splitlines() if len(line.split()) == 2)
    assert said["testing"] == "1"
    assert not Path(said["state"]).exists()


def test_uses_the_server_it_is_told_to():
    given = "postgresql://somebody@db.example/portal"
    done = trial(
        sys.executable, "-c", "import os; print(os.environ['DATABASE_URL'])", DATABASE_URL=given
    )
    assert given in done.stdout
    assert "the one DATABASE_URL names" in done.stdout
