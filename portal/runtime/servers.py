"""The three servers the site stands on, embedded or given by the environment, and its variables."""

import os
from collections.abc import Mapping
from pathlib import Path

from . import broker, folders, mlflow_server, provision
from .config import Config
from .postgres import Postgres
from .process import MARK
from .supervisor import Service

NOT_FOR_THE_SITE = {"DATABASE_OWNER_URL"}


class Servers:
    """Where each server is. Those the environment named are used; the rest are embedded."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.postgres = None if config.database_url else Postgres(config)
        self.artifacts = config.artifact_root or str(config.state / "artifacts")
        if "://" not in self.artifacts:
            Path(self.artifacts).mkdir(mode=0o700, parents=True, exist_ok=True)

    # -- addresses ---------------------------------------------------------------------------

    @property
    def database_url(self) -> str:
        return (
            self.postgres.url(provision.WEB, "portal")
            if self.postgres
            else (self.config.database_url)
        )

    @property
    def owner_url(self) -> str:
        return (
            self.postgres.url(provision.OWNER, "portal")
            if self.postgres
            else (self.config.database_owner_url)
        )

    @property
    def broker_url(self) -> str:
        return self.config.broker_url or broker.url(self.config)

    @property
    def mlflow_url(self) -> str:
        """Empty when the database is somebody else's and no MLflow was named."""
        if self.config.mlflow_url or not self.postgres:
            return self.config.mlflow_url
        return mlflow_server.url(self.config)

    @property
    def mlflow_database_url(self) -> str:
        assert self.postgres
        return self.postgres.url(provision.MLFLOW, "mlflow", scheme="postgresql+psycopg")

    # -- services ----------------------------------------------------------------------------

    def database_service(self) -> Service | None:
        return Service("PostgreSQL", self.postgres.start, last=True) if self.postgres else None

    def broker_service(self) -> Service | None:
        if self.config.broker_url:
            return None
        return Service("broker", lambda: broker.start(self.config), last=True)

    def mlflow_service(self) -> Service | None:
        if not self.postgres or self.config.mlflow_url:
            return None
        return Service(
            "MLflow",
            lambda: mlflow_server.start(self.config, self.mlflow_database_url, self.artifacts),
            answers=lambda: mlflow_server.answers(mlflow_server.socket_path(self.config)),
        )

    # -- environment -------------------------------------------------------------------------

    def variables(self) -> dict[str, str]:
        """What the site needs to be told; the whole of it, as `make env` prints it."""
        return {
            "PORTAL_STATE": str(self.config.state),
            "PORTAL_BASE_URL": os.environ.get("PORTAL_BASE_URL", self.config.address),
            "SECRET_KEY_FILE": str(folders.secret(self.config, "secret-key")),
            "TOKEN_PEPPER_FILE": str(folders.secret(self.config, "token-pepper")),
            "DATABASE_URL": self.database_url,
            "DATABASE_OWNER_URL": self.owner_url,
            "BROKER_URL": self.broker_url,
            "MLFLOW_BACKEND_URL": self.mlflow_url,
            "ARTIFACT_ROOT": self.artifacts,
        }

    def site(self, environ: Mapping[str, str]) -> dict[str, str]:
        """For the web server and the workers, which have no business with the owner's password."""
        mine = {MARK: str(self.config.state)}
        every = {**environ, **self.variables(), **mine}
        return {name: value for name, value in every.items() if name not in NOT_FOR_THE_SITE}

    def owner(self, environ: Mapping[str, str]) -> dict[str, str]:
        """For migrations: the same site, signed in as the tables' owner.

        They need not wait for the disk one by one: a power cut loses the last of them together
        with the row that says it was applied, and the next start applies it again.
        """
        patient = {"PGOPTIONS": "-c synchronous_commit=off"}
        return self.site(environ) | {"DATABASE_URL": self.owner_url} | patient
