"""Reviewers' topics and limits, and the list of topics."""

from datetime import timedelta
from importlib import import_module

import pytest
from django.apps import apps
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from compute_grants.actions import expertise
from compute_grants.models import Expertise, ResearchTopic
from consortium.errors import Invalid
from consortium.models import AuditEvent
from tests.compute_grants.api.test_grants_api import Api
from tests.compute_grants.views.person import Person, text
from tests.factories.consortium import (
    deployment_officer,
    member,
    research_officer,
    reviewer,
    staff,
)
from tests.factories.matching import ExpertiseFactory, TopicFactory

pytestmark = pytest.mark.django_db


def say(person, by=None, **more):
    given = {"topics": [], "statement": "", "most_reviews": None, "away_until": None} | more
    return expertise.state(person, **given, by=by or person)


def test_a_reviewer_states_and_changes_it():
    person = reviewer()
    ocean, chips = TopicFactory.create(), TopicFactory.create()
    say(person, topics=[ocean, chips], statement=" Waves. ", most_reviews=3)
    found = say(person, topics=[chips], most_reviews=None)
    assert Expertise.objects.count() == 1
    assert list(found.topics.all()) == [chips] and found.most_reviews is None
    event = AuditEvent.objects.filter(action="expertise.stated").latest("pk")
    assert event.detail["topics"] == [chips.slug]


def test_the_office_states_it_for_a_reviewer():
    assert say(reviewer(), by=research_officer(), statement="By telephone.").pk


@pytest.mark.parametrize("who", [member, reviewer, deployment_officer])
def test_nobody_else_states_it(who):
    with pytest.raises(PermissionDenied):
        say(reviewer(), by=who())


def test_only_reviewers_have_one():
    with pytest.raises(PermissionDenied, match="Only reviewers"):
        say(member(), by=research_officer())


def test_what_is_refused():
    person, retired = reviewer(), TopicFactory.create(retired_at=timezone.now())
    yesterday = timezone.localdate() - timedelta(days=1)
    for field, value in (
        ("topics", TopicFactory.create_batch(9)),
        ("topics", [retired]),
        ("most_reviews", 51),
        ("away_until", yesterday),
    ):
        with pytest.raises(Invalid) as caught:
            say(person, **{field: value})
        assert field in caught.value.errors


def test_a_retired_topic_stays_with_those_who_chose_it():
    topic = TopicFactory.create()
    person = ExpertiseFactory.create(of=[topic]).person
    expertise.retire_topic(topic, by=research_officer())
    assert say(person, topics=[ResearchTopic.objects.get(pk=topic.pk)]).topics.exists()
    with pytest.raises(expertise.AlreadyRetired):
        expertise.retire_topic(topic, by=research_officer())


def test_topics_are_the_offices():
    office = research_officer()
    made = expertise.add_topic(
        name_en="Deep sea", name_zh="深海", keywords=["Abyss", "abyss ", "深海"], by=office
    )
    assert (made.slug, made.keywords) == ("deep-sea", ["abyss", "深海"])
    with pytest.raises(expertise.TopicTaken):
        expertise.add_topic(name_en="Deep Sea", name_zh="深海", by=office)
    with pytest.raises(Invalid):
        expertise.add_topic(name_en="深海", name_zh=" ", by=office)
    for act in (
        lambda: expertise.add_topic(name_en="X", name_zh="X", by=reviewer()),
        lambda: expertise.retire_topic(made, by=reviewer()),
    ):
        with pytest.raises(PermissionDenied):
            act()


def test_there_is_a_first_list_in_both_languages():
    ResearchTopic.objects.all().delete()  # other tests may have emptied the table before
    import_module("compute_grants.migrations.0013_fill_research_topics").fill(apps, None)
    topics = ResearchTopic.objects.offered()
    assert topics.count() >= 20
    assert all(topic.name_en and topic.name_zh and topic.keywords for topic in topics)


def test_who_reads_it():
    made = ExpertiseFactory.create()
    for who in (made.person, research_officer(), staff("auditor")):
        assert Expertise.objects.visible_to(who).exists()
    for who in (reviewer(), deployment_officer(), member()):
        assert not Expertise.objects.visible_to(who).exists()


# Pages and API


def test_the_page_of_ones_own():
    topic, person = TopicFactory.create(), Person(reviewer())
    sent = person.send("expertise", topics=[topic.pk], statement="Waves.", most_reviews="2")
    assert sent.status_code == 302
    assert "Waves." in text(person.get("expertise"))
    assert person.send("expertise", most_reviews="99").status_code == 422


def test_the_offices_pages():
    office, person = Person(research_officer()), reviewer()
    assert office.send("person_expertise", person.pk, statement="Known.").status_code == 302
    assert office.get("person_expertise", member().pk).status_code == 403
    sent = office.send("topic_list", name_en="Deep sea", name_zh="深海", keywords="abyss，深海")
    assert sent.status_code == 302
    assert office.send("topic_list", name_en="Deep sea", name_zh="深海").status_code == 409
    assert office.send("topic_retire", "deep-sea").status_code == 302
    assert Person(person).get("topic_list").status_code == 403


def test_over_the_api():
    topic, mine = TopicFactory.create(), Api(reviewer())
    body = mine.post("expertise/", topics=[topic.slug], statement="Waves.", most_reviews=2)
    assert body["topics"] == [topic.slug]
    mine.post("expertise/", 404, person=reviewer().pk, statement="Not mine.")
    office = Api(research_officer())
    assert office.get("expertise/")["count"] == 1
    made = office.post("topics/", 201, name_en="Deep sea", name_zh="深海", keywords=["abyss"])
    assert made["slug"] == "deep-sea"
    assert office.post("topics/deep-sea/retire/")["retired_at"]
    mine.post("topics/", 403, name_en="X", name_zh="X")
