"""Real processes for tests: an MLflow server, and the portal in front of it on granian."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import httpx
from django.conf import settings
from django.db import connection

from consortium.tokens import PEPPER_VERSION

ROOT = Path(settings.BASE_DIR)
PATIENCE = 60


@contextmanager
def mlflow_server(folder: Path) -> Iterator[str]:
    """The URL of a running MLflow: the one in MLFLOW_BACKEND_URL, or one started for this."""
    if given := os.environ.get("MLFLOW_BACKEND_URL"):
        yield given
        return
    where = Path(tempfile.mkdtemp(prefix="mf")) / "socket"  # a socket's path is at most 107 long
    database = f"sqlite:///{folder}/mlflow.db"
    env = {
        "PATH": "/usr/bin:/bin",
        "HOME": str(folder),
        "LC_ALL": "C.UTF-8",
        "_MLFLOW_SERVER_FILE_STORE": database,
        "_MLFLOW_SERVER_REGISTRY_STORE": database,
        "_MLFLOW_SERVER_ARTIFACT_ROOT": "mlflow-artifacts:/",
        "_MLFLOW_SERVER_ARTIFACT_DESTINATION": str(folder / "artifacts"),
        "_MLFLOW_SERVER_SERVE_ARTIFACTS": "true",
        "MLFLOW_ENABLE_WORKSPACES": "true",
        "MLFLOW_WORKSPACE_STORE_URI": database,
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "MLFLOW_SERVER_ALLOWED_HOSTS": "localhost",
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }
    argv = ["-m", "uvicorn", "mlflow.server.fastapi_app:app", "--uds", str(where)]
    with _running([*argv, "--log-level", "warning"], env, folder):
        with httpx.Client(transport=httpx.HTTPTransport(uds=str(where))) as client:
            _wait(client, "http://localhost/api/2.0/mlflow/experiments/search?max_results=1")
        yield f"http+unix://{quote(str(where), safe='')}"


@contextmanager
def portal(mlflow_url: str) -> Iterator[str]:
    """The address of the portal on granian, with this test run's database and store."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    env = {
        **{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
        "PORTAL_TESTING": "1",
        "SECRET_KEY": settings.SECRET_KEY,
        "TOKEN_PEPPER": settings.TOKEN_PEPPERS[PEPPER_VERSION],
        "DATABASE_URL": database_url(),
        "MLFLOW_BACKEND_URL": mlflow_url,
        "ARTIFACT_ROOT": settings.ARTIFACT_ROOT,
        "LOG_LEVEL": "WARNING",
    }
    argv = ["-m", "granian", "--interface", "asgi", "portal.asgi:application", "--no-ws"]
    with _running([*argv, "--host", "127.0.0.1", "--port", str(port)], env, ROOT):
        with httpx.Client() as client:
            _wait(client, f"http://127.0.0.1:{port}/mlflow/api/3.0/mlflow/server-info", 401)
        yield f"http://127.0.0.1:{port}"


def database_url() -> str:
    """The test database as another process reaches it."""
    at = connection.settings_dict
    who = quote(at["USER"], safe="")
    if at["PASSWORD"]:
        who += ":" + quote(at["PASSWORD"], safe="")
    port = f"&port={at['PORT']}" if at["PORT"] else ""
    return f"postgresql://{who}@/{at['NAME']}?host={quote(at['HOST'], safe='')}{port}"


@contextmanager
def _running(argv: list[str], env: dict[str, str], cwd: Path) -> Iterator[None]:
    log = tempfile.TemporaryFile()  # noqa: SIM115  closed below
    child = subprocess.Popen([sys.executable, *argv], env=env, cwd=cwd, stdout=log, stderr=log)
    try:
        yield
    finally:
        child.terminate()
        try:
            child.wait(10)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        log.close()


def _wait(client: httpx.Client, url: str, status: int = 200) -> None:
    until = time.monotonic() + PATIENCE
    while True:
        try:
            if client.get(url, timeout=PATIENCE).status_code == status:
                return
        except httpx.HTTPError:
            pass
        assert time.monotonic() < until, f"{url} does not answer"
        time.sleep(0.1)
