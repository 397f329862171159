"""The embedded MLflow: one uvicorn on a private unix socket, its tables in our PostgreSQL.

`mlflow server` itself is not used: it adds a parent process of 270 MB and ten seconds. What it
would set for its workers is set here (mlflow/server/constants.py of the pinned version).
"""

import http.client
import signal
import socket
import subprocess
from importlib import metadata
from pathlib import Path
from urllib.parse import quote

from . import folders
from .config import Config
from .errors import Refusal
from .process import MARK, PYTHON, Child, die_with_parent

WORKSPACE_HEADER = "X-MLFLOW-WORKSPACE"
SOURCES = "^(mlflow-artifacts:/|runs:/|models:/)"  # anchored: MLflow matches it with search


def socket_path(config: Config) -> Path:
    return folders.sockets(config) / "mlflow" / "socket"


def url(config: Config) -> str:
    """http+unix:// and the socket's path, percent-encoded where a host would stand."""
    return f"http+unix://{quote(str(socket_path(config)), safe='')}"


def start(config: Config, database_url: str, artifacts: str) -> Child:
    """Start, without waiting: it is ready some seconds later, see `answers`."""
    where = socket_path(config)
    where.parent.mkdir(mode=0o700, exist_ok=True)
    where.unlink(missing_ok=True)
    child = Child(
        name="MLflow",
        argv=[
            *(PYTHON, "-m", "uvicorn", "mlflow.server.fastapi_app:app"),
            *("--uds", str(where), "--workers", "1", "--no-proxy-headers"),
            *("--log-level", "warning", "--no-access-log", "--no-server-header"),
        ],
        env=environment(config, database_url, artifacts),
        log=config.logs / "mlflow.log",
        cwd=_home(config),
        # While it starts it minds no other signal: it goes on asking a database that is gone.
        orphan_signal=signal.SIGKILL,
    )
    child.start()
    return child


def environment(config: Config, database_url: str, artifacts: str) -> dict[str, str]:
    home = str(_home(config))
    return {
        "PATH": "/usr/bin:/bin",
        "HOME": home,
        "TMPDIR": home,
        "LC_ALL": "C.UTF-8",
        MARK: str(config.state),
        "_MLFLOW_SERVER_FILE_STORE": database_url,
        "_MLFLOW_SERVER_REGISTRY_STORE": database_url,
        "_MLFLOW_SERVER_ARTIFACT_ROOT": "mlflow-artifacts:/",
        "_MLFLOW_SERVER_ARTIFACT_DESTINATION": artifacts,
        "_MLFLOW_SERVER_SERVE_ARTIFACTS": "true",
        "MLFLOW_ENABLE_WORKSPACES": "true",
        "MLFLOW_WORKSPACE_STORE_URI": database_url,
        "MLFLOW_CREATE_MODEL_VERSION_SOURCE_VALIDATION_REGEX": SOURCES,
        "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false",
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "MLFLOW_ENABLE_REMOTE_ASSISTANT": "false",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "DO_NOT_TRACK": "true",
        "MLFLOW_SERVER_ALLOWED_HOSTS": "localhost",
        "MLFLOW_SQLALCHEMYSTORE_POOL_SIZE": "10",
        "MLFLOW_SQLALCHEMYSTORE_MAX_OVERFLOW": "10",
        "GIT_PYTHON_REFRESH": "quiet",
    }


def _home(config: Config) -> Path:
    home = config.state / "mlflow"
    home.mkdir(mode=0o700, exist_ok=True)
    return home


def upgrade_tables(config: Config, database_url: str, artifacts: str) -> bool:
    """After a new MLflow version, bring an existing database to it. Slow, and rare.

    Returns whether there was anything to do. Raises Refusal when MLflow could not.
    """
    version = metadata.version("mlflow")
    stamp = _home(config) / "version"
    before = stamp.read_text() if stamp.exists() else version
    if before != version:
        done = subprocess.run(
            [PYTHON, "-m", "mlflow", "db", "upgrade", database_url],
            env=environment(config, database_url, artifacts),
            capture_output=True,
            text=True,
            check=False,
            preexec_fn=die_with_parent(signal.SIGTERM),
        )
        if done.returncode:
            raise Refusal(f"MLflow's tables could not be brought to {version}:\n{done.stderr}")
    stamp.write_text(version)
    return before != version


def answers(where: Path, timeout: float = 10) -> bool:
    """Whether its tables are there and read: the first call makes them."""
    link = _UnixConnection(where, timeout)
    try:
        link.request(
            "GET",
            "/api/2.0/mlflow/experiments/search?max_results=1",
            headers={WORKSPACE_HEADER: "default"},
        )
        return link.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        link.close()


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, where: Path, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self.where = where

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self.where))
