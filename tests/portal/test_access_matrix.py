"""Every route and method, by a person of every role, with every kind of credential.

Where the table lets a call through, the view may answer what it likes but an error of its
own; where the table does not, nothing but a refusal may come back.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

import pytest
from django.conf import settings
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from consortium.access import Auth, Rule, the_table
from consortium.models import Affiliation, ApiToken, ArmAppointment, Scope, User
from consortium.roles import has
from consortium.tokens import mint
from portal.routes import routes
from tests.factories import consortium as make
from tests.planner import fresh_statistics
from tests.samples import samples

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
ROUTES = {route.name: route for route in routes()}
PERSONAS = {
    "person": make.PersonFactory.create,
    "member": make.member,
    "principal": make.principal,
    "delegate": make.delegate,
    "institution_admin": make.institution_admin,
    "operator": make.operator,
    "reviewer": make.reviewer,
    "panellist": lambda: make.reviewer(panellist=True),
    "research_office": make.research_officer,
    "deployment_office": make.deployment_officer,
    "secretariat": lambda: make.staff(ArmAppointment.Office.SECRETARIAT),
    "auditor": lambda: make.staff(ArmAppointment.Office.AUDITOR),
    "former_admin": lambda: (
        make.ended(make.AffiliationFactory.create(role=Affiliation.Role.ADMIN)).user
    ),
    "inactive": lambda: make.PersonFactory.create(is_active=False),
}
STRANGER = "stranger"
NOTHING = {"IntConverter": 4_000_000, "UUIDConverter": UUID(int=7)}
WORN_OUT = {"expired", "revoked"}
# One for all cells, as each builds the whole middleware; every call sets its cookies anew.
CLIENT = Client(raise_request_exception=False)


@dataclass(frozen=True)
class Caller:
    """One person with one credential. user None: nobody the site would know."""

    user: User | None
    credential: str
    secret: str = ""

    def may(self, rule: Rule) -> bool:
        """What the table says, written a second time."""
        token = self.credential.startswith("token")
        if self.credential in WORN_OUT or (token and self.user is None):
            return False
        if self.user is None:
            return Auth.ANONYMOUS in rule.auth
        if self.credential == "session" and not rule.auth & (Auth.SESSION | Auth.ANONYMOUS):
            return False
        if token:
            if Auth.TOKEN not in rule.auth:
                return False
            if self.credential == "token_without_scope" and rule.scope:
                return False
        return rule.permission is None or has(self.user, rule.permission)

    def call(self, method: str, url: str) -> HttpResponse:
        CLIENT.cookies.clear()
        headers = {}
        if self.credential == "session":
            CLIENT.cookies[settings.SESSION_COOKIE_NAME] = self.secret
        elif self.credential != "anonymous":
            headers["Authorization"] = f"Bearer {self.secret}"
        if url.startswith("/api/"):
            body = {"data": json.dumps({}), "content_type": "application/json"}
        else:
            body = {"data": {}}
        return (
            CLIENT.generic(method, url, headers=headers)
            if method == "GET"
            else getattr(CLIENT, method.lower())(url, headers=headers, **body)
        )


def callers(user: User) -> list[Caller]:
    """One person's credentials that may open something."""
    known = user if user.is_active else None
    return [
        Caller(known, "session", _session(user)),
        Caller(known, "token", _token(user, list(Scope))),
        Caller(known, "token_without_scope", _token(user, [])),
    ]


def strangers(user: User) -> list[Caller]:
    """Whom the site does not know, whoever they are: once is enough for these."""
    now = timezone.now()
    return [
        Caller(None, "anonymous"),
        Caller(user, "expired", _token(user, list(Scope), expires_at=now)),
        Caller(user, "revoked", _token(user, list(Scope), revoked_at=now)),
    ]


def _cells(caller: Caller) -> Iterator[tuple[str, str, Rule]]:
    """What to ask for. What is refused with every scope is not asked for again with none."""
    whole = replace(caller, credential="token")
    for name, rules in the_table().items():
        for method, rule in rules.items():
            if caller.credential != "token_without_scope" or whole.may(rule):
                yield name, method, rule


def _session(user: User) -> str:
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def _token(user: User, scopes: list[str], **fields: object) -> str:
    minted = mint()
    values = {"expires_at": timezone.now() + timedelta(days=1)} | fields
    ApiToken.objects.create(
        key_id=minted.key_id, digest=minted.digest, user=user, label="m", scopes=scopes, **values
    )
    return minted.text


def _url(name: str, found: dict) -> str:
    """A sample's address, or one that fits the pattern and names nothing."""
    stand_ins = {
        key: NOTHING.get(type(converter).__name__, "none-such")
        for key, converter in ROUTES[name].converters.items()
    }
    return reverse(name, kwargs=found[name][0] if name in found else stand_ins)


def _refused(response: HttpResponse) -> bool:
    if response.status_code == 302:
        return response["Location"].startswith("/accounts/login/")
    return response.status_code in {401, 403}


def _cell(caller: Caller, method: str, url: str) -> HttpResponse:
    """Call, and take back whatever the call changed."""
    with transaction.atomic():
        response = caller.call(method, url)
        if response.streaming:
            b"".join(response)  # which closes the file behind it
        transaction.set_rollback(True)
    return response


@pytest.fixture
def plain_refusals(monkeypatch):
    """A refusal without its page, which takes ten times as long to draw as to decide."""
    monkeypatch.setattr("consortium.access._forbid", lambda *_: HttpResponse(status=403))


@pytest.mark.django_db
@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.usefixtures("plain_refusals")
@pytest.mark.parametrize("persona", [*PERSONAS, STRANGER])
def test_nobody_gets_past_the_table(persona, capsys):
    user = PERSONAS.get(persona, PERSONAS["secretariat"])()
    found = samples()
    fresh_statistics()
    counts: Counter[str] = Counter()
    leaks, faults = [], []
    for caller in strangers(user) if persona == STRANGER else callers(user):
        for name, method, rule in _cells(caller):
            response = _cell(caller, method, _url(name, found))
            allowed = caller.may(rule)
            counts["allowed" if allowed else "refused"] += 1
            cell = (persona, caller.credential, method, name, response.status_code)
            if response.status_code >= 500 or (allowed and response.status_code == 401):
                faults.append(cell)
            if not allowed and not _refused(response):
                leaks.append(cell)
    with capsys.disabled():
        print(  # noqa: T201  the figure to show
            f"\naccess matrix, {persona}: {counts.total()} cells, {dict(counts)}",
            end="",
        )
    assert leaks == []
    assert faults == []
