"""The documents that are drawn from the code, one function each. See `manage.py render_docs`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from django.conf import settings
from django.db import models
from django.utils import translation

from consortium.access import Auth, Rule, the_table
from consortium.models import Scope
from consortium.roles import ROLE_PERMISSIONS, SCOPE_PERMISSIONS, SECOND_FACTOR, Permission, Role
from consortium.states import stateful_models
from portal.routes import routes

FOLDER = Path(settings.BASE_DIR) / "docs"
HEAD = "<!-- Made by `manage.py render_docs` from the code. Change the code, not this file. -->\n"


def states() -> str:
    """docs/states.md: every state machine as a Mermaid diagram, with both names of each state."""
    parts = [HEAD, "# States 状态\n", _STATES_NOTE]
    parts += [_machine(model) for model in stateful_models()]
    return "\n".join(parts)


_STATES_NOTE = """Each arrow is one allowed step, taken by an action that leaves an audit event. The
mappings stand beside the models as `TRANSITIONS`; `require_transition` refuses every other step.
"""


def _machine(model: type[models.Model]) -> str:
    transitions = model.TRANSITIONS  # type: ignore[attr-defined]
    en, zh = _names(model, "en"), _names(model, "zh-hans")
    title = model._meta.label
    lines = [f"## {title}\n", "```mermaid", "stateDiagram-v2"]
    lines += [f"    {state.value}: {en[state]} {zh[state]}".rstrip() for state in transitions]
    first = next(iter(transitions))
    lines.append(f"    [*] --> {first.value}")
    for state, following in transitions.items():
        lines += [f"    {state.value} --> {to.value}" for to in _ordered(following)]
        if not following:
            lines.append(f"    {state.value} --> [*]")
    return "\n".join([*lines, "```\n"])


def _names(model: type[models.Model], language: str) -> dict[object, str]:
    """Each state's label in one language."""
    with translation.override(language):
        return {
            state: str(state.label)
            for state in model.TRANSITIONS  # type: ignore[attr-defined]
        }


def _ordered(states: frozenset[models.TextChoices]) -> list[models.TextChoices]:
    """In the order in which the states are declared."""
    declared = list(type(next(iter(states)))) if states else []
    return [state for state in declared if state in states]


def permissions() -> str:
    """docs/permissions.md: roles, token scopes, and the access table."""
    return "\n".join(
        [
            HEAD,
            "# Who may do what\n",
            _PERMISSIONS_NOTE,
            "## Roles\n",
            *_roles(),
            "\n## Token scopes\n",
            *_scopes(),
            "\n## Routes\n",
            *_table(),
            "",
        ]
    )


_PERMISSIONS_NOTE = """A permission says that a person of this role may ever do such a thing.
Whether they may do it to one object, now, is the object's policy (`can_...`), which also gives the
reason. What a person may not see at all is a 404. ² marks what needs a second factor where
REQUIRE_SECOND_FACTOR is set.
"""


def _roles() -> Iterator[str]:
    names = list(Role)
    yield "| permission | " + " | ".join(name.replace("_", " ") for name in names) + " |"
    yield "|---" * (len(names) + 1) + "|"
    for permission in Permission:
        held = ["●" if permission in ROLE_PERMISSIONS[role] else "" for role in names]
        mark = " ²" if permission in SECOND_FACTOR else ""
        yield f"| `{permission.value}`{mark} | " + " | ".join(held) + " |"


def _scopes() -> Iterator[str]:
    yield "| scope | of use to whoever has one of |"
    yield "|---|---|"
    for scope in Scope:
        needed = ", ".join(f"`{p.value}`" for p in Permission if p in SCOPE_PERMISSIONS[scope])
        yield f"| `{scope.value}` | {needed} |"


def _table() -> Iterator[str]:
    yield "| method | address | called with | scope | permission |"
    yield "|---|---|---|---|---|"
    table = the_table()
    rows = [
        (route.pattern, method, rule)
        for route in routes()
        for method, rule in table.get(route.name, {}).items()
    ]
    for pattern, method, rule in sorted(rows, key=lambda row: row[:2]):
        permission = f"`{rule.permission.value}`" if rule.permission else ""
        scope = f"`{rule.scope.value}`" if rule.scope else ""
        address = pattern.replace("|", "\\|")
        yield f"| {method} | `/{address}` | {_callers(rule)} | {scope} | {permission} |"


def _callers(rule: Rule) -> str:
    if rule.auth & Auth.ANONYMOUS:
        return "anybody"
    kinds = [name for flag, name in _KINDS if rule.auth & flag]
    return ", ".join(kinds)


_KINDS = ((Auth.SESSION, "session"), (Auth.TOKEN, "token"))
DOCUMENTS: dict[str, Callable[[], str]] = {"states.md": states, "permissions.md": permissions}
