"""Tables whose rows are written once: the database itself refuses to change them.

In a migration, after the table is made:

    operations = [AppendOnly("consortium_transfer")]

Corrections are new rows. A superuser can still switch triggers off for a session
(`SET session_replication_role = replica`), as the tests do to empty tables between
themselves and to forge what reconciliation must find; the portal's own roles cannot.
"""

from typing import Any

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

WEB_ROLE = "portal_web"
SQLSTATE = "AO001"

_FUNCTION = f"""
CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % is refused. Write a correcting row instead.',
        TG_TABLE_NAME, TG_OP USING ERRCODE = '{SQLSTATE}';
END $$;
"""
# Row-level, because only such triggers reach the partitions of a table; there is no
# row-level trigger for TRUNCATE.
_TRIGGERS = """
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""
_REVOKE = """
DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') THEN
        REVOKE {rights} ON {table} FROM {role};
    END IF;
END $$;
"""
_UNDO = """
DROP TRIGGER append_only ON {table};
DROP TRIGGER append_only_truncate ON {table};
"""


def revoke(table: str, rights: str) -> str:
    """SQL that takes `rights` ("UPDATE, DELETE") on `table` from the web role, if it exists."""
    return _REVOKE.format(table=table, rights=rights, role=WEB_ROLE)


class AppendOnly(Operation):
    """Refuse UPDATE, DELETE and TRUNCATE on `table`, by trigger and by grant."""

    reduces_to_sql = True
    reversible = True

    def __init__(self, table: str) -> None:
        self.table = table

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Nothing the models would know of."""

    def database_forwards(
        self,
        app_label: str,  # noqa: ARG002
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,  # noqa: ARG002
        to_state: ProjectState,  # noqa: ARG002
    ) -> None:
        table = schema_editor.quote_name(self.table)
        schema_editor.execute(_FUNCTION, params=None)
        schema_editor.execute(_TRIGGERS.format(table=table), params=None)
        schema_editor.execute(revoke(table, "UPDATE, DELETE, TRUNCATE"), params=None)

    def database_backwards(
        self,
        app_label: str,  # noqa: ARG002
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,  # noqa: ARG002
        to_state: ProjectState,  # noqa: ARG002
    ) -> None:
        schema_editor.execute(_UNDO.format(table=schema_editor.quote_name(self.table)), params=None)

    def describe(self) -> str:
        return f"Make {self.table} append-only"

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return (type(self).__name__, [self.table], {})
