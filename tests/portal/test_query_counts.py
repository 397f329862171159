"""Every page of compute grants reads with few SQL queries, however many rows there are.

A list takes fewer than 12, a page about one thing fewer than 15, sign-in, rights and the frame
included.
"""

from __future__ import annotations

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from bench import nouns, rows
from consortium.models import User
from portal.routes import routes
from tests.browser.pages import page_routes
from tests.browser.visiting import session_cookie
from tests.compute_grants.samples import samples
from tests.planner import fresh_statistics

pytestmark = pytest.mark.django_db
LIST, DETAIL = 11, 14
APPS = ("compute_grants:",)
PARAMETERS = {route.name: route.converters for route in routes()}


def visit(client: Client, address: str) -> int:
    """The status. What is streamed is read to its end, which closes it."""
    answer = client.get(address)
    if answer.streaming:
        b"".join(answer)
    return answer.status_code


def queries(client: Client, address: str) -> int:
    """Of the second visit: what a process reads once in its life does not count."""
    visit(client, address)
    with CaptureQueriesContext(connection) as found:
        status = visit(client, address)
    # A fragment that is opened by itself leads to its page.
    assert status in {200, 302}, (address, status)
    return len(found)


def limit(name: str) -> int:
    """A page whose address names nothing is a list."""
    return DETAIL if PARAMETERS[name] else LIST


def signed_in(user: User | None) -> Client:
    """Signed in and proved who they are a moment ago, or the pages to sign lead away."""
    client = Client()
    if user is not None:
        client.cookies[settings.SESSION_COOKIE_NAME] = session_cookie(user, "")["value"]
    return client


@pytest.mark.timeout(300)
def test_every_page_of_grants():
    found = samples()
    counts = {}
    for route in page_routes():
        if not route.name.startswith(APPS) or route.name not in found:
            continue
        kwargs, person = found[route.name]
        count = queries(signed_in(person), reverse(route.name, kwargs=kwargs))
        counts[route.name] = count
    assert len(counts) > 40, "the search finds nothing"

    above = {name: count for name, count in counts.items() if count > limit(name)}
    assert above == {}, "these pages take more queries than they may"


@pytest.mark.parametrize("noun", list(nouns.MAKE))
def test_no_more_queries_for_a_thousand_rows_than_for_a_hundred(noun):
    people = rows.cast()
    nouns.MAKE[noun](people, 100)
    fresh_statistics()
    few = {what: queries(signed_in(who), url) for what, who, url in nouns.pages(noun, people)}
    nouns.MAKE[noun](people, 900)
    fresh_statistics()
    many = {what: queries(signed_in(who), url) for what, who, url in nouns.pages(noun, people)}
    assert many == few
    above = {what: count for what, count in many.items() if count > limit(what.split()[0])}
    assert above == {}, "these pages take more queries than they may"
