"""Every page of compute grants opens, in both languages."""

from importlib import import_module

import pytest
from django.test import Client
from django.urls import reverse

from compute_grants.access import MODULES
from tests.factories import compute_grants as make

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
OF = {name: module.__name__.split(".")[-1] for module in MODULES for name in module.PAGES}
PAGES = sorted(
    name
    for module in MODULES
    for name, rules in module.PAGES.items()
    if "GET" in rules and not name.endswith(("_csv", "_pdf", "_file"))
)

# A fragment that is opened by itself leads to its page.
ELSEWHERE = {"compute_grants:award_run_progress"}
# Read by everybody, or by everybody of a role; what is in them is filtered row by row.
OPEN = {
    "compute_grants:call_document",
    "compute_grants:charging",
    "compute_grants:decision_set_list",
    "compute_grants:programme_kind",
}


def sample_of(name):
    """(kwargs, person) of a route, made without the samples of other nouns."""
    return import_module(f"tests.compute_grants.samples.{OF[name]}").samples()[name]


def signed_in(user) -> Client:
    client = Client()
    if user is not None:
        client.force_login(user, backend=BACKEND)
    return client


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize("name", PAGES)
def test_every_page_opens(db, name, language):
    kwargs, user = sample_of(name)
    if user is not None:
        user.language = language
        user.save(update_fields=["language"])
    url = reverse(name, kwargs=kwargs)
    response = signed_in(user).get(url, headers={"Accept-Language": language})
    if name in ELSEWHERE:
        assert response.status_code == 302
        return
    assert response.status_code == 200
    if not response["Content-Type"].startswith("text/html"):
        assert b"".join(response)
        return
    page = response.content.decode()
    assert page.count("<h1") == 1
    assert "style=" not in page and "onclick" not in page
    assert ("zh-Hans" if language != "en" else 'lang="en"') in page.split(">", 2)[1]


@pytest.mark.parametrize("name", PAGES)
def test_strangers_learn_nothing(db, name):
    """Somebody of every needed role, but with no part in it: 404, 403, or the sign-in page."""
    found = sample_of(name)
    if not found[0] or found[1] is None or name in OPEN:
        pytest.skip("public, or a list")
    url = reverse(name, kwargs=found[0])
    assert signed_in(None).get(url).status_code in {302, 403}
    stranger = make.panellist()
    assert signed_in(stranger).get(url).status_code in {403, 404}
