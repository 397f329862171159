"""What the environment asks for, read once."""

import hashlib
import os
import shutil
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .errors import Refusal

ROOT = Path(__file__).resolve().parents[2]
LEAST_FREE_BYTES = 1_000_000_000  # a first start writes about a third of this
HOST = "127.0.0.1"


@dataclass(frozen=True)
class Config:
    """One portal on this machine: its folder, its address, the servers it is told to use."""

    state: Path
    port: int
    demo: bool
    database_url: str
    database_owner_url: str
    broker_url: str
    mlflow_url: str
    artifact_root: str
    web_workers: int
    throwaway: bool = False  # a test's state: PostgreSQL need not survive a power cut

    @classmethod
    def read(cls, environ: Mapping[str, str], *, throwaway: bool = False) -> "Config":
        """Raises Refusal for a value that is no port or no number."""
        database = environ.get("DATABASE_URL", "")
        return cls(
            state=Path(environ.get("PORTAL_STATE") or ROOT / ".portal").absolute(),
            port=_number(environ, "PORT", 8000, 1, 65535),
            demo=environ.get("DEMO", "1") not in {"0", "false", "no"},
            database_url=database,
            database_owner_url=environ.get("DATABASE_OWNER_URL", database),
            broker_url=environ.get("BROKER_URL", ""),
            mlflow_url=environ.get("MLFLOW_BACKEND_URL", ""),
            artifact_root=environ.get("ARTIFACT_ROOT", ""),
            web_workers=_number(environ, "WEB_WORKERS", 1, 1, 64),
            throwaway=throwaway,
        )

    @property
    def key(self) -> str:
        """Short and stable: names what lies outside the state folder after it."""
        return hashlib.sha256(os.fsencode(self.state)).hexdigest()[:10]

    @property
    def address(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def logs(self) -> Path:
        return self.state / "logs"

    @property
    def secrets(self) -> Path:
        return self.state / "secrets"


def _number(environ: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    text = environ.get(name) or str(default)
    if not text.isdecimal() or not low <= int(text) <= high:
        raise Refusal(f"{name}={text} is not a number from {low} to {high}.")
    return int(text)


def check_disk(config: Config) -> None:
    folder = next(path for path in (config.state, *config.state.parents) if path.exists())
    free = shutil.disk_usage(folder).free
    if free < LEAST_FREE_BYTES:
        raise Refusal(
            f"Only {free / 1e6:.0f} MB are free on the disk of {config.state}; "
            f"the portal needs {LEAST_FREE_BYTES / 1e6:.0f} MB. "
            "Free some, or set PORTAL_STATE to a folder on another disk."
        )


def check_port(config: Config) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, config.port))
        except OSError as error:
            raise Refusal(
                f"Port {config.port} cannot be used ({error.strerror}). "
                f"Stop the program that holds it, or choose another: make run PORT={_near(config)}"
            ) from error


def _near(config: Config) -> int:
    return config.port + 1 if config.port < 65535 else 8000  # noqa: PLR2004 - the last port
