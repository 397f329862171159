"""The access table names exactly what the site answers, and the middleware obeys it.

Every route by every role and credential: test_access_matrix.py.
"""

from collections import Counter

import pytest
from django.urls import reverse

from consortium.access import Auth, may, the_table
from consortium.roles import has
from portal.routes import Undeclared, answered_methods, routes
from tests.samples import samples

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
SAFE = {"GET", "HEAD", "OPTIONS"}
# Function views of other people's packages, which say it in their code only.
FOREIGN_FUNCTIONS = {"account_email_verification_sent": frozenset({"GET"})}
ROUTES = {route.name: route for route in routes()}


def answers(name: str) -> frozenset[str]:
    return FOREIGN_FUNCTIONS.get(name) or answered_methods(ROUTES[name].view)


# The table against the resolver


def test_every_route_has_a_name_of_its_own():
    names = Counter(route.name for route in routes())
    assert [name for name, count in names.items() if count > 1 or "unnamed" in name] == []


def test_every_view_says_which_methods_it_answers():
    silent = []
    for name in ROUTES:
        try:
            answers(name)
        except Undeclared as error:
            silent.append(str(error))
    assert silent == [], "decorate these with require_http_methods, require_safe or require_POST"


@pytest.mark.parametrize("name", sorted(ROUTES))
def test_every_method_a_view_answers_has_a_rule_and_no_other(name):
    assert set(the_table().get(name, {})) == answers(name)


def test_no_rule_is_for_a_route_that_is_gone():
    assert sorted(set(the_table()) - set(ROUTES)) == []


def test_no_unsafe_method_stands_under_a_permission_to_look():
    wrong = [
        (name, method)
        for name, rules in the_table().items()
        for method, rule in rules.items()
        if method not in SAFE and rule.permission and rule.permission.endswith(".view")
    ]
    assert wrong == []


def test_whatever_takes_a_token_asks_for_a_scope_unless_anybody_may():
    wrong = [
        (name, method)
        for name, rules in the_table().items()
        for method, rule in rules.items()
        if rule.auth & Auth.TOKEN and rule.scope is None and not rule.auth & Auth.ANONYMOUS
    ]
    assert wrong == []


def test_an_anonymous_rule_asks_for_nothing_that_only_people_have():
    wrong = [
        name
        for name, rules in the_table().items()
        for rule in rules.values()
        if rule.auth & Auth.ANONYMOUS and rule.permission and not has(None, rule.permission)
    ]
    assert wrong == []


@pytest.mark.django_db
def test_every_route_with_arguments_has_a_sample():
    needed = {name for name, route in ROUTES.items() if route.converters}
    assert sorted(needed - set(samples())) == []


# The middleware's answers


@pytest.fixture
def undefended(monkeypatch):
    """The dashboard, as if somebody had forgotten its rule."""
    table = dict(the_table())
    del table["portal:dashboard"]
    monkeypatch.setattr("consortium.access.the_table", lambda: table)


def test_a_route_without_a_rule_is_refused_to_everybody(undefended, client, person):
    client.force_login(person, backend=BACKEND)
    assert client.get(reverse("portal:dashboard")).status_code == 403


def test_a_method_without_a_rule_is_refused(client, db):
    response = client.delete(reverse("portal:home"))
    assert response.status_code == 405
    assert response["Allow"] == "GET"


def test_a_page_for_people_sends_a_stranger_to_sign_in_and_back(client, db):
    response = client.get(reverse("portal:dashboard"))
    assert response.status_code == 302
    assert response["Location"] == "/accounts/login/?next=/dashboard/"


def test_head_needs_what_get_needs(client, db):
    assert client.head(reverse("portal:dashboard")).status_code == 302


@pytest.mark.parametrize(
    "text", ["", "x", "omic_a_b_c", "omic_" + "a" * 10 + "_" + "b" * 40 + "_0"]
)
def test_a_bad_token_is_401_even_where_nobody_asks_for_one(client, db, text):
    response = client.get(reverse("portal:home"), headers={"Authorization": f"Bearer {text}"})
    assert response.status_code == 401
    assert response["WWW-Authenticate"].startswith("Bearer")
    assert response.json()["code"] == "bad_token"


def test_menus_show_only_what_the_roles_allow(person):
    assert may(person, "portal:dashboard")
    assert may(None, "portal:home")
    assert not may(None, "portal:dashboard")
    assert not may(person, "portal:no_such_page")
