"""The wall behind the wall: an answer of MLflow must not show another lab's objects.

MLflow keeps workspaces apart by itself. Should it ever fail to, an answer that names another
workspace is withheld here: every artifact address and workspace name in it is compared. Text of
users cannot fool this, because a quote inside a JSON string is escaped.
"""

from __future__ import annotations

import re

_NAMED = re.compile(
    rb'"(?:artifact_uri|artifact_location|source|root_uri)":\s*"mlflow-artifacts:/([^"]*)"'
    rb'|"(?P<key>workspace)":\s*"(?P<name>[^"]*)"'
)


_SQL = re.compile(rb" Error: \(.*?(?=\", \"sqlstate\"|\"\}|\", \")", re.DOTALL)


def without_sql(body: bytes) -> bytes:
    """An error of MLflow's without the statement of its database that it quotes."""
    return _SQL.sub(b"", body) if b"[SQL: " in body else body


def belongs_to(body: bytes, workspace: str) -> bool:
    """Whether all that an answer names lies in `workspace`."""
    prefix, name = f"workspaces/{workspace}/".encode(), workspace.encode()
    for match in _NAMED.finditer(body):
        if match["key"]:
            if match["name"] != name:
                return False
        elif not match[1].startswith(prefix):
            return False
    return True


def with_lab_name(body: bytes, workspace: str, slug: str) -> bytes:
    """The same answer under the name by which clients know the lab's workspace."""
    return body.replace(f'"workspace": "{workspace}"'.encode(), f'"workspace": "{slug}"'.encode())
