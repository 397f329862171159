"""Samples of expertise and topics."""

from tests.factories.consortium import research_officer, reviewer
from tests.factories.matching import ExpertiseFactory, TopicFactory
from tests.samples import Samples


def samples() -> Samples:
    office, person = research_officer(), reviewer()
    topic = TopicFactory.create()
    ExpertiseFactory.create(person=person, of=[topic])
    spare = TopicFactory.create()
    return {
        "compute_grants:expertise": ({}, person),
        "compute_grants:person_expertise": ({"pk": person.pk}, office),
        "compute_grants:topic_list": ({}, office),
        "compute_grants:topic_retire": ({"slug": spare.slug}, office),
        "api:topic-retire": ({"slug": spare.slug}, office),
        "api:expertise-detail": ({"person": person.pk}, person),
    }
