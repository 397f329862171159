"""The page and the API of what other systems still have to match."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from consortium import audit
from consortium.models import DesiredState
from tests.factories.consortium import member, operator, research_officer

pytestmark = pytest.mark.django_db
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
PAGE = "consortium:effect_list"


def _row(key: str, **fields) -> DesiredState:
    return DesiredState.objects.create(kind="allocation", key=key, spec={}, **fields)


@pytest.fixture
def rows() -> dict[str, DesiredState]:
    soon = timezone.now() + timedelta(minutes=9)
    return {
        "failed": _row("G-1", attempts=4, next_at=soon, error="RuntimeError: <down>"),
        "running": _row("G-2", lease_owner="host:7", lease_until=soon, fence=1),
        "waiting": _row("G-3"),
        "done": _row("G-4", applied_generation=1),
    }


@pytest.fixture
def officer(client):
    person = research_officer()
    client.force_login(person, backend=BACKEND)
    return person


def test_states_are_read_from_the_row(rows):
    assert {name: row.state.value for name, row in rows.items()} == {n: n for n in rows}


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_shows_what_waits_or_fails(client, officer, rows, language):
    officer.language = language
    officer.save()
    answer = client.get(reverse(PAGE))
    text = answer.content.decode()
    assert answer.status_code == 200
    for shown in ("G-1", "G-2", "G-3", "host:7", "RuntimeError: &lt;down&gt;"):
        assert shown in text
    assert "G-4" not in text
    assert ('<html lang="en"' in text) is (language == "en")


def test_shows_all_when_asked(client, officer, rows):
    assert "G-4" in client.get(reverse(PAGE), {"all": "1"}).content.decode()


def test_says_when_there_is_nothing(client, officer):
    assert "Every other system matches" in client.get(reverse(PAGE) + "?lang=en").content.decode()


def test_reads_a_fixed_number_of_times(client, officer, rows, django_assert_max_num_queries):
    client.get(reverse(PAGE))
    with django_assert_max_num_queries(16):
        client.get(reverse(PAGE))


def test_try_again_now(client, officer, rows):
    row = rows["failed"]
    done = client.post(reverse("consortium:effect_retry", args=[row.pk]), follow=True)
    assert done.redirect_chain == [(reverse(PAGE), 302)]
    row.refresh_from_db()
    assert row.attempts == 0 and row.next_at <= timezone.now()
    assert audit.history(row).get().actor_id == officer.pk


def test_trying_again_what_a_worker_just_did_is_no_error(client, officer, rows):
    url = reverse("consortium:effect_retry", args=[rows["done"].pk])
    assert client.post(url, follow=True).status_code == 200
    assert not audit.history(rows["done"]).exists()


def test_not_for_everybody(client, rows):
    client.force_login(member(), backend=BACKEND)
    assert client.get(reverse(PAGE)).status_code == 403
    url = reverse("consortium:effect_retry", args=[rows["failed"].pk])
    assert client.post(url).status_code == 403
    assert client.get(reverse("api:effect-list")).status_code == 403


def test_the_api_says_the_same(client, rows):
    client.force_login(operator(), backend=BACKEND)
    listed = client.get(reverse("api:effect-list")).json()
    assert [(r["key"], r["state"]) for r in listed["results"]] == [
        ("G-2", "running"),
        ("G-3", "waiting"),
        ("G-1", "failed"),
    ]
    everything = client.get(reverse("api:effect-list"), {"all": "1"}).json()
    assert everything["count"] == 4
    one = client.get(reverse("api:effect-detail", args=[rows["done"].pk])).json()
    assert one["state"] == "done" and "spec" not in one


def test_the_api_tries_again(client, officer, rows):
    done = client.post(reverse("api:effect-retry", args=[rows["failed"].pk]))
    assert (done.status_code, done.json()["attempts"]) == (200, 0)
    refused = client.post(reverse("api:effect-retry", args=[rows["done"].pk]))
    assert (refused.status_code, refused.json()["code"]) == (409, "WrongState")
