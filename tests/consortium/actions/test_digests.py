"""The daily mail: one a day, in the reader's language, at least once and never twice."""

from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings
from django.core import mail
from django.db import transaction
from django.utils import timezone

from consortium import notices
from consortium.actions import digests
from consortium.actions import notices as act
from consortium.models import Digest, Notification, Topic
from consortium.notices import Notice
from consortium.tasks import send_digests
from tests.consortium.clients import run_clients
from tests.factories.consortium import InstitutionFactory, PersonFactory

CODE = "sample.happened"
MORNING = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)  # 09:00 in Beijing


@pytest.fixture(autouse=True)
def _a_text(monkeypatch):
    monkeypatch.setitem(notices._known, CODE, Notice(Topic.PROPOSALS, "About %(what)s"))


@pytest.fixture
def clock(monkeypatch):
    class Clock:
        now = MORNING

    monkeypatch.setattr(timezone, "now", lambda: Clock.now)
    return Clock


def tell(person, what="tides", times=1):
    about = InstitutionFactory.create()
    with transaction.atomic():
        for _each in range(times):
            act.notify(CODE, to=[person], about=about, href="/calls/", what=what)


@pytest.fixture
def reader(db):
    return PersonFactory.create(email="reader@example.org", name_en="Ada", language="en")


def test_one_mail_gathers_what_is_unread(clock, reader):
    tell(reader, "tides")
    tell(reader, "rain & <b>wind</b>\nX-Evil: 1")
    send_digests()
    (sent,) = mail.outbox
    assert sent.to == ["reader@example.org"]
    assert sent.subject.endswith("2 notices")
    (html,) = [part.content for part in sent.alternatives]
    for body in (sent.body, html):
        assert "About tides" in body and f"{settings.PORTAL_BASE_URL}/calls/" in body
    assert "rain & <b>wind</b> X-Evil: 1" in sent.body
    assert "rain &amp; &lt;b&gt;wind&lt;/b&gt;" in html and "<b>wind" not in html
    assert not Notification.objects.filter(mailed_at=None).exists()


def test_it_says_how_to_be_left_alone(clock, reader):
    tell(reader)
    send_digests()
    message = mail.outbox[0].message()
    preferences = f"{settings.PORTAL_BASE_URL}/account/notices/"
    assert message["List-Unsubscribe"] == f"<{preferences}>"
    assert preferences in mail.outbox[0].body
    assert message["Message-ID"] == f"<digest.20261124.{reader.pk}@127.0.0.1>"
    assert message.get_content_type() == "multipart/alternative"


def test_in_the_language_of_the_person(clock, reader):
    reader.language = "zh-hans"
    reader.save()
    tell(reader)
    send_digests()
    assert "2026年11月24日" in mail.outbox[0].alternatives[0].content
    assert '<html lang="zh-Hans">' in mail.outbox[0].alternatives[0].content


def test_replay_sends_nothing_twice(clock, reader):
    tell(reader)
    for _each in range(3):
        send_digests()
    assert len(mail.outbox) == 1


def test_at_most_one_a_day(clock, reader):
    tell(reader, "first")
    send_digests()
    tell(reader, "second")
    send_digests()
    assert len(mail.outbox) == 1
    clock.now += timedelta(days=1)
    send_digests()
    assert len(mail.outbox) == 2
    assert "second" in mail.outbox[1].body and "first" not in mail.outbox[1].body


@pytest.mark.parametrize("hour", [16, 23])  # midnight and 07:00 in Beijing
def test_nobody_is_woken(clock, reader, hour):
    clock.now = datetime(2026, 11, 23, hour, tzinfo=UTC)
    tell(reader)
    send_digests()
    assert mail.outbox == []


def test_nothing_to_say_is_no_mail(clock, reader):
    tell(reader)
    act.mark_all_read(by=reader)
    send_digests()
    assert mail.outbox == []


def test_a_topic_that_is_not_wanted_is_not_mailed(clock, reader):
    tell(reader)
    act.set_preferences(reader, mailed=[], by=reader)
    send_digests()
    assert mail.outbox == [] and not Digest.objects.exists()


def test_a_choice_made_before_the_mail_leaves_counts(clock, reader):
    tell(reader)
    digests.gather()
    act.set_preferences(reader, mailed=[], by=reader)
    send_digests()
    assert mail.outbox == [] and Digest.objects.get().sent_at is not None


def test_a_closed_account_gets_none(clock, reader):
    tell(reader)
    digests.gather()
    reader.is_active = False
    reader.save()
    send_digests()
    assert mail.outbox == []


def test_many_are_counted_not_listed(clock, reader):
    tell(reader, times=53)
    send_digests()
    assert mail.outbox[0].body.count("About tides") == 50
    assert "3 more stand on the portal" in mail.outbox[0].body


# When things go wrong


@pytest.fixture
def failing(monkeypatch):
    """A mail server that refuses the first mails."""
    calls = []

    def send(message, *_args, **_kwargs):
        calls.append(message)
        if len(calls) <= 2:
            raise OSError("the mail server is down")
        return mail.get_connection().send_messages([message])

    monkeypatch.setattr("django.core.mail.EmailMultiAlternatives.send", send)
    return calls


def test_a_refused_mail_is_tried_again_later_as_it_was(clock, reader, failing):
    tell(reader)
    send_digests()
    row = Digest.objects.get()
    assert (row.sent_at, row.attempts, "server is down" in row.error) == (None, 1, True)
    send_digests()
    assert len(failing) == 1, "not at once"
    clock.now += timedelta(minutes=3)
    send_digests()
    tell(reader, "later")
    clock.now += timedelta(hours=1)
    send_digests()
    assert len(failing) == 3 and len(mail.outbox) == 1
    assert len({m.message()["Message-ID"] for m in failing}) == 1
    assert "later" not in mail.outbox[0].body
    assert Notification.objects.filter(mailed_at=None).count() == 1


def test_one_that_fails_does_not_keep_the_others_waiting(clock, reader, failing):
    for person in (reader, *PersonFactory.create_batch(3)):
        tell(person)
    send_digests()
    assert len(failing) == 4 and len(mail.outbox) == 2


def test_yesterday_s_goes_first_and_alone(clock, reader, failing):
    tell(reader, "yesterday")
    send_digests()
    clock.now += timedelta(days=1)
    tell(reader, "today")
    send_digests()  # fails once more
    clock.now += timedelta(minutes=5)
    send_digests()
    assert [("yesterday" in m.body, "today" in m.body) for m in mail.outbox] == [(True, False)]
    send_digests()
    assert len(mail.outbox) == 2 and "today" in mail.outbox[1].body


def test_a_worker_that_dies_before_recording_leaves_it_to_be_sent_again(clock, reader, monkeypatch):
    tell(reader)
    with monkeypatch.context() as patch:
        patch.setattr(digests, "_sent", lambda _digest: (_ for _ in ()).throw(SystemExit))
        with pytest.raises(SystemExit):
            send_digests()
    send_digests()
    assert len(mail.outbox) == 1, "another worker still holds it"
    clock.now += timedelta(minutes=11)
    send_digests()
    assert len({m.message()["Message-ID"] for m in mail.outbox}) == 1 and len(mail.outbox) == 2
    send_digests()
    assert len(mail.outbox) == 2


@pytest.mark.django_db(transaction=True)
def test_workers_at_once_send_each_mail_once(monkeypatch):
    monkeypatch.setattr(settings, "DIGEST_HOUR", 0)
    for person in PersonFactory.create_batch(12):
        tell(person)
    run_clients(lambda _number: send_digests(), clients=6)
    assert len(mail.outbox) == 12
    assert len({m.to[0] for m in mail.outbox}) == 12


def test_the_number_of_queries_does_not_follow_the_number_of_people(
    clock, reader, django_assert_max_num_queries
):
    for person in PersonFactory.create_batch(30):
        tell(person)
    with django_assert_max_num_queries(4):
        assert digests.gather() == 30
