"""Who is told of what, once, and in their own language."""

import pytest
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import translation

from consortium import audit, notices
from consortium.actions import affiliations
from consortium.actions import notices as act
from consortium.errors import Invalid
from consortium.models import Notification, Topic
from consortium.notices import Notice, text_of
from tests.factories.consortium import (
    InstitutionFactory,
    PersonFactory,
    institution_admin,
    member,
)

pytestmark = pytest.mark.django_db
CODE = "sample.happened"


@pytest.fixture(autouse=True)
def _a_text(monkeypatch):
    monkeypatch.setitem(
        notices._known, CODE, Notice(Topic.PROPOSALS, "%(number)s of %(title)s, due %(until_on)s")
    )


FACTS = {"number": "P-1", "title_en": "Tides", "title_zh": "潮汐", "until_on": "2026-12-01"}


@pytest.fixture
def about():
    return InstitutionFactory.create()


def told(*people) -> list[int]:
    rows = Notification.objects.order_by("pk")
    return [row.person_id for row in rows if not people or row.person in people]


@transaction.atomic
def tell(about, to, **more):
    return act.notify(CODE, to=to, about=about, **(FACTS | more))


def test_each_person_is_told_once_with_the_facts(about):
    a, b = PersonFactory.create_batch(2)
    assert tell(about, [a, b, a]) == 2
    row = Notification.objects.get(person=a)
    assert (row.code, row.topic, row.facts) == (CODE, Topic.PROPOSALS, FACTS)
    assert (row.subject_type, row.subject_id) == ("consortium.institution", str(about.pk))
    assert row.href == about.get_absolute_url()
    assert row.read_at is None and row.mailed_at is None


def test_nobody_whose_account_is_closed(about):
    gone = PersonFactory.create(is_active=False)
    assert tell(about, [gone]) == 0 and told() == []


def test_not_the_one_who_did_it(about):
    doer, other = PersonFactory.create_batch(2)
    tell(about, [doer, other], besides=doer)
    assert told() == [other.pk]


def test_many_people_take_one_insert(about, django_assert_num_queries):
    people = PersonFactory.create_batch(40)
    with transaction.atomic(), django_assert_num_queries(1):
        act.notify(CODE, to=people, about=about, href="/x/", **FACTS)
    assert len(told()) == 40


def test_it_is_gone_when_the_change_is(about):
    with transaction.atomic():
        act.notify(CODE, to=[PersonFactory.create()], about=about, **FACTS)
        transaction.set_rollback(True)
    assert told() == []


@pytest.mark.parametrize("href", ["https://elsewhere.example/", "//elsewhere.example/", "x"])
def test_links_stay_on_the_site(about, href):
    with pytest.raises(ValueError, match="not an address"):
        tell(about, [PersonFactory.create()], href=href)


def test_an_unknown_code_and_a_missing_fact_are_seen_by_whoever_wrote_them(about):
    with pytest.raises(KeyError), transaction.atomic():
        act.notify("no.such", to=[], about=about)
    with pytest.raises(ValueError, match="until_on"), transaction.atomic():
        act.notify(CODE, to=[], about=about, number="P", title_en="T", title_zh="题")


@pytest.mark.parametrize(("language", "words"), [("en", "P-1 of Tides"), ("zh-hans", "潮汐")])
def test_the_reader_s_language_decides(language, words):
    with translation.override(language):
        assert words in text_of(CODE, FACTS)


def test_the_other_side_stands_in_for_an_empty_one():
    assert "潮汐" in text_of(CODE, FACTS | {"title_en": ""})


def test_facts_are_shown_as_people_write_them():
    assert "December 1, 2026" in text_of(CODE, FACTS) or "1 December 2026" in text_of(CODE, FACTS)
    assert "12,345 of" in text_of(CODE, FACTS | {"number": 12345})
    assert "due soon" in text_of(CODE, FACTS | {"until_on": "soon"})


def test_a_code_that_a_release_dropped_still_reads():
    assert text_of("sample.gone", {}) == "Something changed. Open it to see what."
    assert text_of(CODE, {}) == "– of –, due –"


def test_every_text_reads_with_nothing_but_its_facts():
    """A stray % or a misspelt place would break the page of whoever was told."""
    for code, notice in notices.known_notices().items():
        assert text_of(code, dict.fromkeys(notice.needs, "x")), code


# Reading


@pytest.fixture
def one(about, person):
    tell(about, [person])
    return Notification.objects.get()


def test_read_once_and_for_all(one, person):
    first = act.mark_read(one, by=person).read_at
    assert first is not None and act.mark_read(one, by=person).read_at == first


def test_nobody_reads_for_another(one):
    with pytest.raises(PermissionDenied):
        act.mark_read(one, by=member())
    assert not Notification.objects.visible_to(member()).exists()


def test_all_read_is_all_that_was_seen(about, person):
    other = member()
    for _each in range(3):
        tell(about, [person, other])
    seen = Notification.objects.filter(person=person).order_by("pk")[1].pk
    assert act.mark_all_read(by=person, newest=seen) == 2
    assert act.mark_all_read(by=person) == 1
    assert act.mark_all_read(by=person) == 0
    assert Notification.objects.visible_to(other).unread().count() == 3


# Choices


def test_all_topics_come_by_mail_until_one_says_otherwise(person):
    assert act.topics_mailed_to(person) == frozenset(Topic)
    kept = act.set_preferences(person, mailed=[Topic.PROPOSALS], by=person)
    assert Topic.PROPOSALS in kept and Topic.MEMBERSHIP not in kept
    assert act.topics_mailed_to(person) == kept
    event = audit.history(person).get()
    assert event.action == "notice.preferences_changed" and "proposals" in event.detail["mailed"]


def test_topics_without_a_notice_yet_stay_as_they_are(person, monkeypatch):
    monkeypatch.setattr(notices, "_known", {CODE: Notice(Topic.PROPOSALS, "x")})
    assert act.set_preferences(person, mailed=[], by=person) == frozenset(Topic) - {Topic.PROPOSALS}


def test_the_same_choice_again_is_no_event(person):
    for _each in range(2):
        act.set_preferences(person, mailed=[Topic.PROPOSALS], by=person)
    assert audit.history(person).count() == 1
    back = act.set_preferences(person, mailed=Topic.values, by=person)
    assert back == frozenset(Topic)


def test_nobody_chooses_for_another(person):
    with pytest.raises(PermissionDenied):
        act.set_preferences(person, mailed=[], by=member())


def test_an_unknown_topic_is_refused(person):
    with pytest.raises(Invalid, match="no topic"):
        act.set_preferences(person, mailed=["weather"], by=person)


# The consortium's own notices


def test_admins_hear_of_a_request_and_the_asker_of_the_answer():
    admin = institution_admin()
    institution = admin.affiliations.get().institution
    bystander = member(institution)
    asker, second = PersonFactory.create_batch(2)
    asked = affiliations.ask(institution, by=asker)
    assert told() == [admin.pk]
    notice = Notification.objects.get()
    assert asker.email in notice.text and institution.name_en in notice.text
    assert notice.href.endswith(f"/{asked.pk}/")

    affiliations.confirm(asked, by=admin)
    declined = affiliations.ask(institution, by=second)
    affiliations.decline(declined, reason="Nobody <b>knows</b> you", by=admin)
    assert told(bystander) == []
    last = Notification.objects.get(person=second)
    assert last.code == "affiliation.declined" and "knows" in last.text
    assert Notification.objects.get(person=asker).code == "affiliation.confirmed"
