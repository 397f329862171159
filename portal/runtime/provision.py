"""Roles and databases. Repeatable: each start makes what is missing and changes nothing else.

portal_owner  owns the database `portal` and runs the migrations
portal_web    what the site and the workers sign in as: reads and writes rows, owns nothing;
              migrations take UPDATE, DELETE and TRUNCATE away from it on append-only tables
mlflow        owns the database `mlflow`, sees nothing of ours
"""

from psycopg import Connection, sql

from . import folders
from .config import Config
from .postgres import Postgres

OWNER, WEB, MLFLOW = "portal_owner", "portal_web", "mlflow"

# A page that takes longer is broken; a transaction left open holds locks others wait for.
WEB_LIMITS = {
    "statement_timeout": "60s",
    "lock_timeout": "10s",
    "idle_in_transaction_session_timeout": "60s",
}


def provision(config: Config, server: Postgres) -> None:
    """Raises psycopg.Error when the server refuses, which a healthy one does not."""
    with server.connect() as link:
        for role in (OWNER, WEB, MLFLOW):
            _role(link, role, folders.secret_text(config, f"postgresql-{role}"))
        for name, value in WEB_LIMITS.items():
            _run(link, "ALTER ROLE {} SET {} = {}", _id(WEB), _id(name), sql.Literal(value))
        _database(link, "portal", OWNER)
        _run(link, "GRANT CONNECT ON DATABASE portal TO {}", _id(WEB))
        _database(link, "mlflow", MLFLOW)
        if config.throwaway:
            _let_sealer_see(link)
            _let_tests_make_databases(link)
    # The template too, so that a test's own database has the same rights in it.
    for database in ("portal", *(["template1"] if config.throwaway else [])):
        with server.connect(database) as link:
            _default_rights(link)


def _role(link: Connection[tuple[object, ...]], name: str, password: str) -> None:
    if not link.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name]).fetchone():
        _run(link, "CREATE ROLE {} LOGIN", _id(name))
    _run(link, "ALTER ROLE {} PASSWORD {}", _id(name), sql.Literal(password))


def _database(link: Connection[tuple[object, ...]], name: str, owner: str) -> None:
    if not link.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
        _run(link, "CREATE DATABASE {} OWNER {}", _id(name), _id(owner))
        _run(link, "REVOKE CONNECT ON DATABASE {} FROM PUBLIC", _id(name))


def _default_rights(link: Connection[tuple[object, ...]]) -> None:
    tables = "SELECT, INSERT, UPDATE, DELETE ON TABLES"
    for rights in (tables, "USAGE, SELECT ON SEQUENCES"):
        _run(
            link,
            f"ALTER DEFAULT PRIVILEGES FOR ROLE {{}} IN SCHEMA public GRANT {rights} TO {{}}",
            _id(OWNER),
            _id(WEB),
        )


def _let_sealer_see(link: Connection[tuple[object, ...]]) -> None:
    """Whose transactions still run in this database, so that no other database delays a seal."""
    for role in (OWNER, WEB):
        _run(link, "GRANT pg_read_all_stats TO {}", _id(role))


def _let_tests_make_databases(link: Connection[tuple[object, ...]]) -> None:
    """Tests make databases, act as the site's role, and as an intruder past the triggers."""
    _run(link, "ALTER ROLE {} CREATEDB", _id(OWNER))
    _run(link, "GRANT {} TO {}", _id(WEB), _id(OWNER))
    _run(link, "GRANT SET ON PARAMETER session_replication_role TO {}", _id(OWNER))


def _id(name: str) -> sql.Identifier:
    return sql.Identifier(name)


def _run(
    link: Connection[tuple[object, ...]], text: str, *parts: sql.Identifier | sql.Literal
) -> None:
    link.execute(sql.SQL(text).format(*parts))
