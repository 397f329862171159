"""Promises that hold over the whole code, checked by reading it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from celery import current_app
from django.conf import settings

from consortium import audit, notices
from portal import celery

ROOT = Path(settings.BASE_DIR)
PACKAGES = ("portal", "consortium", "compute_grants", "registry")
# Actions whose `by` no policy can judge, each with its reason.
NO_POLICY = {
    # The ledger moves what its callers have decided; it is reached through other actions only.
    "consortium/actions/ledger.py",
    # Steps within an award or an approved request, which asked; no page or command calls them.
    "compute_grants/actions/advances.py",
    "compute_grants/actions/amendment_effects.py",
    "compute_grants/actions/grant_account.py",
    "compute_grants/actions/release_schedule.py hand_out",
    # The end of a change whose beginning, `editable`, asked.
    "compute_grants/actions/drafting.py saved",
    # Steps within a change of a machine or call, whose action asked.
    "compute_grants/actions/call_news.py tell",
    "compute_grants/actions/machine_states.py move",
    "compute_grants/actions/maintenance.py settle_windows",
    # Whoever takes a file in for something has asked that thing's policy.
    "consortium/actions/files.py",
    # A condition of other actions, asked of the person's own reports.
    "compute_grants/actions/late_reports.py require_reports",
    # A choice about oneself that no rule forbids.
    "consortium/actions/preferences.py",
    "compute_grants/actions/call_terms.py unfollow",
    # Keys and status lists of the site itself, made by commands and by the workers.
    "registry/actions/trust.py",
}


def modules() -> list[Path]:
    return [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def calls(path: Path) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree(path)) if isinstance(node, ast.Call))


def called(node: ast.Call) -> str:
    """The dotted name of what is called, as written."""
    return ast.unparse(node.func)


def first_literal(node: ast.Call) -> str | None:
    if node.args and isinstance(node.args[0], ast.Constant):
        value = node.args[0].value
        return value if isinstance(value, str) else None
    return None


def literals(suffix: str) -> set[str]:
    """The first arguments, where literal, of every call to a function named `suffix`."""
    return {
        text
        for path in modules()
        for node in calls(path)
        if called(node).split(".")[-1] == suffix and (text := first_literal(node))
    }


def test_every_task_named_in_a_nudge_exists():
    current_app.loader.import_default_modules()
    celery.app.autodiscover_tasks(force=True)
    scheduled = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert sorted((literals("nudge") | scheduled) - set(celery.app.tasks)) == []


def test_every_recorded_event_has_a_label():
    recorded = {
        text
        for path in modules()
        for node in calls(path)
        if called(node) == "audit.record" and (text := first_literal(node))
    }
    assert recorded, "the search finds nothing: has audit.record been renamed?"
    assert sorted(recorded - audit.known_events()) == []


def test_every_event_code_is_noun_dot_verb():
    assert [c for c in audit.known_events() if not re.fullmatch(r"[a-z_]+\.[a-z_]+", c)] == []


def actions() -> Iterator[tuple[Path, ast.FunctionDef]]:
    """Every public function of an actions module that takes `by`."""
    for package in PACKAGES:
        for path in sorted((ROOT / package / "actions").rglob("*.py")):
            for node in tree(path).body:
                if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                    arguments = [a.arg for a in (*node.args.args, *node.args.kwonlyargs)]
                    if "by" in arguments:
                        yield path, node


def called_with_by(argument: ast.expr) -> bool:
    return isinstance(argument, ast.Name) and argument.id == "by"


def asks_a_policy(function: ast.FunctionDef, path: Path) -> bool:
    """By itself, through a function of the same module, or by handing `by` to another action."""
    helpers = {n.name: n for n in tree(path).body if isinstance(n, ast.FunctionDef)}
    elsewhere = {
        alias.name
        for node in tree(path).body
        if isinstance(node, ast.ImportFrom) and ".actions." in f"{node.module}."
        for alias in node.names
    }
    seen: set[str] = set()
    waiting = [function]
    while waiting:
        node = waiting.pop()
        for call in (c for c in ast.walk(node) if isinstance(c, ast.Call)):
            name = called(call)
            if name.endswith(".require") or "policies." in name or "policy." in name:
                return True
            handed_on = "." in name and any(keyword.arg == "by" for keyword in call.keywords)
            if handed_on and not name.startswith("audit."):
                return True
            if name in elsewhere and any(called_with_by(a) for a in call.args):
                return True
            if name in helpers and name not in seen:
                seen.add(name)
                waiting.append(helpers[name])
    return False


def exempt(path: Path, function: ast.FunctionDef) -> bool:
    """Its whole module is, or it alone."""
    name = str(path.relative_to(ROOT))
    return bool(NO_POLICY & {name, f"{name} {function.name}"})


def test_every_action_asks_a_policy():
    silent = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
        for path, node in actions()
        if not exempt(path, node) and not asks_a_policy(node, path)
    ]
    assert silent == []


def test_actions_exempt_from_policies_exist():
    assert [name for name in NO_POLICY if not (ROOT / name.split()[0]).is_file()] == []


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def test_no_signals():
    wrong = [
        str(path.relative_to(ROOT))
        for path in modules()
        for name in imports(path)
        if name.startswith("django.dispatch") or name == "django.db.models.signals"
    ]
    assert wrong == [], "call the action; signals hide who does what (ADR 0004)"


def settings_read() -> set[str]:
    """Names that portal/settings.py reads from the environment."""
    readers = {"env.text", "env.flag", "env.number", "env.secret"}
    found = set()
    for node in calls(ROOT / "portal" / "settings.py"):
        if called(node) in readers and (name := first_literal(node)):
            found.add(f"{name}_FILE" if called(node) == "env.secret" else name)
    return found


def test_every_setting_is_in_the_example():
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    named = set(re.findall(r"^#?\s?([A-Z][A-Z0-9_]+)=", text, re.MULTILINE))
    assert settings_read(), "the search finds nothing"
    assert sorted(settings_read() - named) == []


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_no_gettext_of_an_f_string(path):
    """xgettext cannot see it, so nobody could translate it."""
    names = {"_", "gettext", "gettext_lazy", "ngettext", "pgettext"}
    wrong = [
        node.lineno
        for node in calls(path)
        if called(node) in names and node.args and isinstance(node.args[0], ast.JoinedStr)
    ]
    assert wrong == []


def test_every_notice_sent_has_a_text():
    known = notices.known_notices()
    assert literals("notify"), "the search finds nothing: has notify been renamed?"
    assert sorted(literals("notify") - set(known)) == []


def test_every_notice_code_is_noun_dot_verb():
    assert [c for c in notices.known_notices() if not re.fullmatch(r"[a-z_]+\.[a-z_]+", c)] == []


def test_no_template_writes_a_day_in_a_form_of_its_own():
    """Days read as the reader's language writes them; a month's axis and a stamp are not days."""
    own = re.compile(r'\|date:"(?:Y-m-d|d|j|M|N|F)[^"]*"')
    stamps = {"print_document.html"}
    found = [
        str(path.relative_to(ROOT))
        for path in sorted((ROOT / "templates").rglob("*.html"))
        if path.name not in stamps and own.search(path.read_text(encoding="utf-8"))
    ]
    assert found == []
