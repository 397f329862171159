"""Every page of machines, calls, proposals and reviews opens, in both languages."""

import pytest
from django.test import Client
from django.urls import reverse

from compute_grants.access import CALLS, MACHINES, PROPOSALS, REVIEWS
from tests.compute_grants.samples import samples
from tests.factories import compute_grants as make
from tests.factories.consortium import operator, research_officer, reviewer

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
TABLE = {**MACHINES, **CALLS, **PROPOSALS, **REVIEWS}
PAGES = sorted(name for name, rules in TABLE.items() if "GET" in rules)
WITHOUT_ARGUMENTS = {
    "compute_grants:machine_list": lambda: None,
    "compute_grants:machine_create": operator,
    "compute_grants:call_list": lambda: None,
    "compute_grants:call_create": research_officer,
    "compute_grants:proposal_list": research_officer,
    "compute_grants:review_list": reviewer,
}


def signed_in(user) -> Client:
    client = Client()
    if user is not None:
        client.force_login(user, backend=BACKEND)
    return client


def test_samples_cover_every_route_with_arguments(db):
    pages = {name for name in samples() if name.startswith("compute_grants:")}
    assert set(TABLE) - set(WITHOUT_ARGUMENTS) <= pages


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize("name", PAGES)
def test_every_page_opens(db, name, language):
    kwargs, user = samples().get(name) or ({}, WITHOUT_ARGUMENTS[name]())
    if user is not None:
        user.language = language
        user.save(update_fields=["language"])
    url = reverse(name, kwargs=kwargs)
    response = signed_in(user).get(url, headers={"Accept-Language": language})
    assert response.status_code == 200, response.content[:500]
    page = response.content.decode()
    assert page.count("<h1") == 1
    assert "style=" not in page and "onclick" not in page
    assert ("zh-Hans" if language != "en" else 'lang="en"') in page.split(">", 2)[1]


@pytest.mark.parametrize("name", PAGES)
def test_strangers_learn_nothing(db, name):
    """Somebody of every needed role, but with no part in it: 404, 403, or the sign-in page."""
    found = samples().get(name)
    if found is None or found[1] is None:
        pytest.skip("public, or a list")
    url = reverse(name, kwargs=found[0])
    assert signed_in(None).get(url).status_code in {302, 403}
    stranger = make.panellist()
    assert signed_in(stranger).get(url).status_code in {403, 404}
