"""The access table's vocabulary, and the middleware that denies what it does not name.

Each app's access.py holds TABLE: {url name: {method: Rule}}; portal.access joins them into
one. HEAD follows GET; OPTIONS on API routes follows GET or the first rule. A route or
method without a rule is refused, and a test walks the resolver to find such gaps.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Flag, auto
from typing import Any

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from consortium.models import ApiToken, Scope, User
from consortium.roles import Permission, has


class Auth(Flag):
    """How the caller may have proved who they are."""

    ANONYMOUS = auto()
    SESSION = auto()
    TOKEN = auto()
    ANY = ANONYMOUS | SESSION | TOKEN
    PERSON = SESSION | TOKEN


@dataclass(frozen=True, slots=True)
class Rule:
    """permission: None means no more than the proof of identity that `auth` asks for."""

    permission: Permission | None
    auth: Auth = Auth.SESSION
    scope: Scope | None = None


Table = Mapping[str, Mapping[str, Rule]]
PUBLIC = Rule(None, Auth.ANONYMOUS | Auth.SESSION)
SIGNED_IN = Rule(None, Auth.SESSION)


def page(view: Permission | None, post: Permission | None = None) -> dict[str, Rule]:
    """Rules of a page for signed-in people: GET needs `view`, POST needs `post` if given."""
    rules = {"GET": Rule(view, Auth.SESSION)}
    if post is not None:
        rules["POST"] = Rule(post, Auth.SESSION)
    return rules


def public_page(view: Permission | None = None) -> dict[str, Rule]:
    """Rules of a page that anybody may read."""
    return {"GET": Rule(view, Auth.ANONYMOUS | Auth.SESSION)}


def api(method: str, permission: Permission, scope: Scope, auth: Auth = Auth.PERSON) -> dict[str, Rule]:
    return {method: Rule(permission, auth, scope)}


def the_table() -> Table:
    table: Table = import_string(settings.ACCESS_TABLE)
    return table


def rule_for(url_name: str, method: str) -> Rule | None:
    """The rule of one route and method, or None where the table has none."""
    methods = the_table().get(url_name)
    if methods is None:
        return None
    if method == "OPTIONS":
        return methods.get("OPTIONS") or next(iter(methods.values()))
    return methods.get("GET" if method == "HEAD" else method)


def may(user: object, url_name: str, method: str = "GET") -> bool:
    """Whether this user's roles let them call the route at all: for menus and links."""
    rule = rule_for(url_name, method)
    if rule is None:
        return False
    if not isinstance(user, User) and not rule.auth & Auth.ANONYMOUS:
        return False
    return rule.permission is None or has(user, rule.permission)


def problem(status: int, code: str, detail: str) -> JsonResponse:
    """A typed problem response (RFC 9457) outside DRF."""
    body = {"type": f"urn:portal:problem:{code}", "status": status, "code": code, "detail": detail}
    response = JsonResponse(body, status=status, content_type="application/problem+json")
    if status == 401:
        response["WWW-Authenticate"] = 'Bearer realm="portal"'
    return response


class AccessMiddleware:
    """Deny by default: only what the table allows reaches a view."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, kwargs: Any
    ) -> HttpResponse | None:
        match = request.resolver_match
        name = match.view_name if match else ""
        methods = the_table().get(name)
        if methods is None:
            raise PermissionDenied(_("This address has no access rule, so nobody may use it."))
        rule = rule_for(name, request.method or "GET")
        if rule is None:
            return HttpResponseNotAllowed(sorted(methods))
        return self._check(request, rule)

    def _check(self, request: HttpRequest, rule: Rule) -> HttpResponse | None:
        token: ApiToken | None = getattr(request, "api_token", None)
        if not request.user.is_authenticated:
            return None if rule.auth & Auth.ANONYMOUS else self._ask_who(request, rule)
        if token is not None and not rule.auth & Auth.TOKEN:
            raise PermissionDenied(_("This address does not take API tokens. Sign in instead."))
        if token is not None and rule.scope and rule.scope not in token.scopes:
            message = _("This token lacks the scope “%(scope)s”. Create one that has it.")
            raise PermissionDenied(message % {"scope": rule.scope.value})
        if rule.permission is not None and not has(request.user, rule.permission):
            raise PermissionDenied(_("None of your roles allows this."))
        return None

    @staticmethod
    def _ask_who(request: HttpRequest, rule: Rule) -> HttpResponse:
        if rule.auth & Auth.TOKEN:
            return problem(401, "not_authenticated", _("Sign in or send an API token."))
        return redirect_to_login(request.get_full_path())


TABLE: Table = {}
