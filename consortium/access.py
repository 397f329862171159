"""The access table's vocabulary, and the middleware that denies what it does not name.

Each app's access.py holds TABLE: {url name: {method: Rule}}; portal.access joins them into
one. HEAD follows GET; OPTIONS on API routes follows GET or the first rule. A route or
method without a rule is refused, and a test walks the resolver to find such gaps.

The answers: 401 no or bad credential (pages send to the sign-in page instead), 403 known but
not allowed, 405 a method the table does not name. Whether one object is visible is not
decided here but by `visible_to`, as 404.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Flag, auto
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from consortium.logs import request_id
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


PROBLEM_TYPE = "application/problem+json"
CHALLENGE = 'Bearer realm="portal"'
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


def api(
    method: str, permission: Permission | None, scope: Scope, auth: Auth = Auth.PERSON
) -> dict[str, Rule]:
    """The rule of one API method; join several with `|`."""
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
    body = problem_body(status, code, detail)
    response = JsonResponse(body, status=status, content_type=PROBLEM_TYPE)
    if status == HTTPStatus.UNAUTHORIZED:
        response["WWW-Authenticate"] = CHALLENGE
    return response


def problem_body(status: int, code: str, detail: str) -> dict[str, object]:
    """The members every problem has; the request id finds its line in the log."""
    return {
        "type": f"urn:portal:problem:{code}",
        "status": status,
        "code": code,
        "detail": detail,
        "request_id": request_id.get(),
    }


def speaks_json(request: HttpRequest) -> bool:
    """Whether errors of this address are problem documents rather than pages."""
    return request.path.startswith("/api/")


class AccessMiddleware:
    """Deny by default: only what the table allows reaches a view."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_view_args_kwargs: Any) -> HttpResponse | None:
        match = request.resolver_match
        name = match.view_name if match else ""
        methods = the_table().get(name)
        if methods is None:
            return _forbid(request, _("This address has no access rule, so nobody may use it."))
        rule = rule_for(name, request.method or "GET")
        if rule is None:
            return _method_not_allowed(request, methods)
        return _check(request, rule)


def _check(request: HttpRequest, rule: Rule) -> HttpResponse | None:
    token: ApiToken | None = getattr(request, "api_token", None)
    if not request.user.is_authenticated:
        return None if rule.auth & Auth.ANONYMOUS else _ask_who(request, rule)
    if token is not None and not rule.auth & Auth.TOKEN:
        return _forbid(request, _("This address does not take API tokens. Sign in instead."))
    if token is None and not rule.auth & (Auth.SESSION | Auth.ANONYMOUS):
        return _forbid(request, _("This address takes API tokens only."))
    if token is not None and rule.scope and rule.scope not in token.scopes:
        message = _("This token lacks the scope “%(scope)s”. Create one that has it.")
        return _forbid(request, message % {"scope": rule.scope.value})
    if rule.permission is not None and not has(request.user, rule.permission):
        return _forbid(request, _("None of your roles allows this."))
    return None


def _forbid(request: HttpRequest, reason: str) -> HttpResponse:
    if speaks_json(request):
        return problem(403, "permission_denied", reason)
    raise PermissionDenied(reason)


def _method_not_allowed(request: HttpRequest, methods: Mapping[str, Rule]) -> HttpResponse:
    allowed = sorted(methods)
    if not speaks_json(request):
        return HttpResponseNotAllowed(allowed)
    message = _("This address does not answer %(method)s.") % {"method": request.method}
    response = problem(405, "method_not_allowed", message)
    response["Allow"] = ", ".join(allowed)
    return response


def _ask_who(request: HttpRequest, rule: Rule) -> HttpResponse:
    if rule.auth & Auth.TOKEN or speaks_json(request):
        return problem(401, "not_authenticated", _("Sign in or send an API token."))
    return redirect_to_login(request.get_full_path())


def _accounts() -> dict[str, dict[str, Rule]]:
    """The sign-in pages of django-allauth. Their views check more, never less, than this."""
    opened = {"GET": PUBLIC, "POST": PUBLIC}
    signed_in = {"GET": SIGNED_IN, "POST": SIGNED_IN}
    reading, read_by_all = {"GET": SIGNED_IN}, {"GET": PUBLIC}
    return {
        # For anybody: getting in, getting back in, getting out.
        "account_login": opened,
        "account_logout": opened,
        "account_signup": opened,
        "account_inactive": read_by_all,
        "account_email_verification_sent": read_by_all,
        "account_confirm_email": opened,
        "account_confirm_login_code": opened,
        "account_reset_password": opened,
        "account_reset_password_done": read_by_all,
        "account_reset_password_from_key": opened,
        "account_reset_password_from_key_done": read_by_all,
        "mfa_authenticate": opened,
        "mfa_login_webauthn": opened,
        # For those inside: their own account.
        "account_reauthenticate": signed_in,
        "account_email": signed_in,
        "account_change_password": signed_in,
        "account_set_password": signed_in,
        "mfa_index": reading,
        "mfa_reauthenticate": signed_in,
        "mfa_activate_totp": signed_in,
        "mfa_deactivate_totp": signed_in,
        "mfa_view_recovery_codes": reading,
        "mfa_generate_recovery_codes": signed_in,
        "mfa_download_recovery_codes": reading,
        "mfa_list_webauthn": reading,
        "mfa_add_webauthn": signed_in,
        "mfa_reauthenticate_webauthn": signed_in,
        "mfa_remove_webauthn": signed_in,
        "mfa_edit_webauthn": signed_in,
        "usersessions_list": signed_in,
    }


P = Permission
_OWN = {"GET": SIGNED_IN, "POST": SIGNED_IN}  # the object's policy decides
TABLE: Table = _accounts() | {
    "consortium:institution_list": public_page(P.INSTITUTION_VIEW),
    "consortium:institution": public_page(P.INSTITUTION_VIEW),
    "consortium:institution_apply": _OWN,
    "consortium:institution_edit": _OWN,
    "consortium:institution_submit": {"POST": SIGNED_IN},
    "consortium:institution_move": page(P.INSTITUTION_ADMIT, P.INSTITUTION_ADMIT),
    "consortium:institution_join": _OWN,
    "consortium:affiliation_add": page(P.PEOPLE_MANAGE, P.PEOPLE_MANAGE),
    "consortium:affiliation_end": _OWN,
    "consortium:affiliation_request": _OWN,
    "consortium:affiliation_request_withdraw": {"POST": SIGNED_IN},
    "consortium:person_list": page(P.PEOPLE_VIEW),
    "consortium:person": page(P.PEOPLE_VIEW),
    "consortium:person_appoint": page(P.APPOINT, P.APPOINT),
    "consortium:person_reviewer": page(P.REVIEWER_NAME, P.REVIEWER_NAME),
    "consortium:person_deactivate": page(P.PEOPLE_MANAGE, P.PEOPLE_MANAGE),
    "consortium:appointment_end": _OWN,
    "consortium:account": {"GET": SIGNED_IN},
    "consortium:profile": _OWN,
    "consortium:notice_list": {"GET": SIGNED_IN},
    "consortium:notice_read": {"POST": SIGNED_IN},
    "consortium:notice_read_all": {"POST": SIGNED_IN},
    "consortium:notice_preferences": _OWN,
    "consortium:token_list": page(P.TOKEN_OWN),
    "consortium:token_create": page(P.TOKEN_OWN, P.TOKEN_OWN),
    "consortium:token_revoke": {"POST": Rule(P.TOKEN_OWN)},
    # The API. Memberships and tokens are changed in a session only.
    "api:institution-list": {"GET": Rule(P.INSTITUTION_VIEW, Auth.ANY)},
    "api:institution-detail": {"GET": Rule(P.INSTITUTION_VIEW, Auth.ANY)},
    "api:institution-submit": {"POST": SIGNED_IN},
    "api:institution-move": {"POST": Rule(P.INSTITUTION_ADMIT)},
    "api:person-list": {"GET": Rule(None, Auth.PERSON, Scope.PROFILE_READ)},
    "api:person-detail": {"GET": Rule(None, Auth.PERSON, Scope.PROFILE_READ)},
    "api:me": {"GET": Rule(None, Auth.PERSON, Scope.PROFILE_READ)},
    "api:notice-list": {"GET": Rule(None, Auth.PERSON, Scope.PROFILE_READ)},
    "api:notice-detail": {"GET": Rule(None, Auth.PERSON, Scope.PROFILE_READ)},
    "api:notice-read": {"POST": SIGNED_IN},
    "api:notice-read-all": {"POST": SIGNED_IN},
    "api:notice-preferences": {
        "GET": Rule(None, Auth.PERSON, Scope.PROFILE_READ),
        "PUT": SIGNED_IN,
    },
    "api:token-list": api("GET", P.TOKEN_OWN, Scope.PROFILE_READ) | {"POST": Rule(P.TOKEN_OWN)},
    "api:token-revoke": {"POST": Rule(P.TOKEN_OWN)},
    "consortium:audit_log": page(P.AUDIT_VIEW),
    "consortium:audit_export": page(P.AUDIT_VIEW),
    "consortium:effect_list": page(P.ALLOCATION_MANAGE),
    "consortium:effect_retry": {"POST": Rule(P.ALLOCATION_MANAGE)},
    "api:effect-list": api("GET", P.ALLOCATION_MANAGE, Scope.GRANTS_READ),
    "api:effect-detail": api("GET", P.ALLOCATION_MANAGE, Scope.GRANTS_READ),
    "api:effect-retry": api("POST", P.ALLOCATION_MANAGE, Scope.GRANTS_WRITE),
}
