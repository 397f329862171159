"""The page, the bar and the API of one's own notices."""

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from consortium import notices
from consortium.actions.notices import notify, topics_mailed_to
from consortium.models import Notification, Topic
from consortium.notices import Notice
from tests.factories.consortium import InstitutionFactory, deployment_officer, member

pytestmark = pytest.mark.django_db
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
PAGE = "consortium:notice_list"
CODE = "sample.happened"


@pytest.fixture(autouse=True)
def _a_text(monkeypatch):
    monkeypatch.setitem(notices._known, CODE, Notice(Topic.PROPOSALS, "About %(what)s"))


@transaction.atomic
def tell(person, *whats):
    about = InstitutionFactory.create()
    for what in whats:
        notify(CODE, to=[person], about=about, href="/calls/", what=what)


@pytest.fixture
def reader(client):
    person = member()
    client.force_login(person, backend=BACKEND)
    return person


def page(client, **query) -> str:
    return client.get(reverse(PAGE), {"lang": "en"} | query).content.decode()


def test_newest_first_and_escaped(client, reader):
    tell(reader, "first", "<i>second</i>")
    text = page(client)
    assert text.index("About &lt;i&gt;second&lt;/i&gt;") < text.index("About first")
    assert text.count('class="unread"') == 2


def test_the_bar_counts_what_is_unread(client, reader):
    assert 'class="count"' not in page(client)
    tell(reader, "one", "two")
    assert '<span class="count">2<span' in page(client)
    tell(reader, *map(str, range(110)))
    assert '<span class="count">99+<span' in page(client)


def test_nothing_says_what_will_come(client, reader):
    assert "You are told here" in page(client)


def test_reading_one_and_all(client, reader):
    tell(reader, "one", "two", "three")
    one, two, three = Notification.objects.order_by("pk")
    done = client.post(reverse("consortium:notice_read", args=[one.pk]))
    assert (done.status_code, done["Location"]) == (302, reverse(PAGE))
    opened = client.post(reverse("consortium:notice_read", args=[two.pk]), {"then": "open"})
    assert opened["Location"] == "/calls/"
    assert "About three" in page(client, unread="1") and "About one" not in page(client, unread="1")
    client.post(reverse("consortium:notice_read_all"), {"newest": str(three.pk)})
    assert not Notification.objects.unread().exists()


@pytest.mark.parametrize("newest", ["", "x", "9" * 30, "-1", "１"])
def test_a_forged_number_is_no_error(client, reader, newest):
    tell(reader, "one")
    assert client.post(reverse("consortium:notice_read_all"), {"newest": newest}).status_code == 302


@pytest.mark.parametrize("somebody", [member, deployment_officer])
def test_another_s_notice_does_not_exist(client, reader, somebody):
    other = somebody()
    tell(other, "secret")
    theirs = Notification.objects.get()
    assert "secret" not in page(client)
    assert client.post(reverse("consortium:notice_read", args=[theirs.pk])).status_code == 404
    assert client.get(reverse("api:notice-detail", args=[theirs.pk])).status_code == 404
    assert client.post(reverse("api:notice-read", args=[theirs.pk])).status_code == 404
    assert client.get(reverse("api:notice-list")).json()["count"] == 0


def test_the_list_takes_as_many_queries_at_one_row_as_at_thirty(client, reader):
    tell(reader, "one")
    page(client)
    counts = []
    for more in (0, 60):
        tell(reader, *map(str, range(more)))
        with CaptureQueriesContext(connection) as queries:
            page(client)
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 11


def test_choosing_what_comes_by_mail(client, reader):
    url = reverse("consortium:notice_preferences")
    assert client.get(url).content.decode().count("checked") == len(notices.topics_in_use())
    done = client.post(url, {"mailed": ["proposals"]}, follow=True)
    assert done.redirect_chain == [(reverse("consortium:account"), 302)]
    assert Topic.MEMBERSHIP not in topics_mailed_to(reader)
    client.post(url, {})
    assert Topic.PROPOSALS not in topics_mailed_to(reader)
    assert client.post(url, {"mailed": ["weather"]}).status_code == 422


def test_the_api_reads_and_marks(client, reader):
    tell(reader, "one", "two")
    listed = client.get(reverse("api:notice-list")).json()["results"]
    assert [row["text"] for row in listed] == ["About two", "About one"]
    first = client.post(reverse("api:notice-read", args=[listed[1]["id"]])).json()
    assert first["read_at"]
    assert client.get(reverse("api:notice-list"), {"unread": "1"}).json()["count"] == 1
    json = {"content_type": "application/json"}
    assert client.post(reverse("api:notice-read-all"), {}, **json).json() == {"marked": 1}
    refused = client.post(reverse("api:notice-read-all"), {"nwest": 3}, **json)
    assert refused.status_code == 422


def test_the_api_keeps_the_choice(client, reader):
    url, json = reverse("api:notice-preferences"), {"content_type": "application/json"}
    assert set(client.get(url).json()["mailed"]) == set(Topic.values)
    kept = client.put(url, {"mailed": ["proposals"]}, **json)
    assert "proposals" in kept.json()["mailed"] and "membership" not in kept.json()["mailed"]
    assert client.put(url, {"mailed": ["weather"]}, **json).status_code == 422
    assert client.put(url, {}, **json).status_code == 422
