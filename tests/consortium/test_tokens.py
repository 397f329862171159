"""What makes a token text acceptable."""

import zlib
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from consortium import tokens
from consortium.models import ApiToken, Scope
from tests.factories.consortium import PersonFactory


@pytest.fixture
def minted(person):
    """A live token of `person`'s, as text and as row."""
    made = tokens.mint()
    row = ApiToken.objects.create(
        key_id=made.key_id,
        digest=made.digest,
        user=person,
        label="laptop",
        scopes=[Scope.PROFILE_READ],
        expires_at=timezone.now() + timedelta(days=1),
    )
    return made.text, row


def test_a_live_token_is_known_and_only_its_digest_is_kept(minted):
    text, row = minted
    assert tokens.verify(text) == row
    stored = ApiToken.objects.filter(pk=row.pk).values().get()
    assert not any(text.split("_")[2] in str(value) for value in stored.values())


def test_minted_tokens_differ(db):
    assert len({tokens.mint().text for _ in range(100)}) == 100


@pytest.mark.parametrize("position", range(0, 60, 7))
def test_one_changed_character_is_caught_by_the_checksum_before_the_database(
    minted, position, django_assert_num_queries
):
    text, _ = minted
    changed = text[:position] + ("x" if text[position] != "x" else "y") + text[position + 1 :]
    with django_assert_num_queries(0):
        assert tokens.verify(changed) is None


def test_a_forged_secret_with_a_right_checksum_is_refused(minted):
    _, row = minted
    body = f"omic_{row.key_id}_{'A' * 40}"
    assert tokens.verify(f"{body}_{zlib.crc32(body.encode()):08x}") is None


@pytest.mark.parametrize(
    "text", ["", "omic", "omic___", "ghp_abc_def_00000000", "omic_" + "a" * 200, "omic_é_é_é"]
)
def test_other_shapes_are_refused_without_a_query(db, text, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert tokens.verify(text) is None


@pytest.mark.parametrize(
    "change",
    [
        {"expires_at": timezone.now() - timedelta(seconds=1)},
        {"revoked_at": timezone.now()},
        {"digest": "0" * 64},
        {"pepper_version": 9},
    ],
    ids=["expired", "revoked", "wrong digest", "pepper retired"],
)
def test_a_token_that_is_over_is_refused(minted, change):
    text, row = minted
    ApiToken.objects.filter(pk=row.pk).update(**change)
    assert tokens.verify(text) is None


def test_the_token_of_a_closed_account_is_refused(minted, person):
    person.is_active = False
    person.save()
    assert tokens.verify(minted[0]) is None


def test_another_pepper_makes_another_digest(minted, settings):
    text, row = minted
    settings.TOKEN_PEPPERS = {1: "retired", 2: "new"}
    assert tokens.verify(text) is None
    ApiToken.objects.filter(pk=row.pk).update(pepper_version=2, digest=tokens.digest_of(text, 2))
    assert tokens.verify(text) == row


def test_use_is_remembered_once_a_minute(minted, django_assert_num_queries):
    _, row = minted
    tokens.touch(row)
    row.refresh_from_db()
    assert row.last_used_at is not None
    with django_assert_num_queries(0):
        tokens.touch(row)


def test_revocation_takes_effect_with_the_next_request(client, minted):
    text, row = minted
    headers = {"Authorization": f"Bearer {text}"}
    url = reverse("api:me")
    assert client.get(url, headers=headers).status_code == 200
    ApiToken.objects.filter(pk=row.pk).update(revoked_at=timezone.now())
    assert client.get(url, headers=headers).status_code == 401


def test_a_token_beside_a_session_is_the_token(client, minted):
    """Rights come from the credential that was sent on purpose, and the session is untouched."""
    other = PersonFactory.create()
    client.force_login(other, backend="allauth.account.auth_backends.AuthenticationBackend")
    key = client.session.session_key
    answer = client.get(reverse("api:me"), headers={"Authorization": f"Bearer {minted[0]}"})
    assert answer.json()["email"] == minted[1].user.email
    assert client.session.session_key == key
    assert client.get(reverse("api:me")).json()["email"] == other.email
