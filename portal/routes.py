"""Every address of the site, and the methods each view says it answers.

Read from the URL resolver, so that the access tests, docs/permissions.md and the developers'
page can never forget one.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True, slots=True)
class Route:
    """name: with its namespace, as the access table has it; pattern: as in urls.py."""

    name: str
    pattern: str
    view: Callable[..., Any]
    converters: dict[str, Any]


class Undeclared(Exception):
    """A function view does not say which methods it answers."""


def routes() -> list[Route]:
    """All routes, in the order in which they are tried."""
    return list(_walk(get_resolver(), (), "", {}))


def _walk(
    node: URLResolver, spaces: tuple[str, ...], before: str, outer: dict[str, Any]
) -> Iterator[Route]:
    for item in node.url_patterns:
        pattern = before + str(item.pattern).removeprefix("^").removesuffix("$")
        converters = outer | _converters(item)
        if isinstance(item, URLResolver):
            deeper = (*spaces, item.namespace) if item.namespace else spaces
            yield from _walk(item, deeper, pattern, converters)
        else:
            name = ":".join((*spaces, item.name or "unnamed"))
            yield Route(name, pattern, item.callback, converters)


def _converters(item: URLPattern | URLResolver) -> dict[str, Any]:
    """Names of the parameters with their converters; None for those of a regular expression."""
    named = getattr(getattr(item.pattern, "regex", None), "groupindex", {})
    return dict.fromkeys(named) | dict(getattr(item.pattern, "converters", {}))


def answered_methods(view: Callable[..., Any]) -> frozenset[str]:
    """The methods a view answers, HEAD and OPTIONS left out.

    Raises Undeclared for a function without @require_http_methods or one of its kin.
    """
    actions = getattr(view, "actions", None)
    if actions:
        return frozenset(method.upper() for method in actions) & frozenset(METHODS)
    cls = getattr(view, "view_class", None) or getattr(view, "cls", None)
    if cls is not None:
        return frozenset(m for m in METHODS if m.lower() in cls.http_method_names and _own(cls, m))
    return _declared(view)


def _own(cls: type, method: str) -> bool:
    """Whether a class view handles the method by intent.

    Django's form views carry `put` and `delete` as aliases of POST that nobody asked for;
    the access table names no such method and so the middleware refuses it.
    """
    for base in cls.__mro__:
        if method.lower() in vars(base):
            generic = base.__module__.startswith("django.views.generic")
            return not (generic and method in {"PUT", "DELETE"})
    return False


def _declared(view: Callable[..., Any]) -> frozenset[str]:
    inner: Any = view
    while inner is not None:
        names = getattr(getattr(inner, "__code__", None), "co_freevars", ())
        if "request_method_list" in names:
            cell = inner.__closure__[names.index("request_method_list")]
            return frozenset(cell.cell_contents) & frozenset(METHODS)
        inner = getattr(inner, "__wrapped__", None)
    raise Undeclared(getattr(view, "__qualname__", repr(view)))
