"""Topics, reviewers' expertise, and plans of who reviews what."""

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from compute_grants.models import AssignmentPlan, Expertise, PlannedPair, ResearchTopic
from tests.factories.compute_grants import call_with, proposal_for
from tests.factories.consortium import research_officer, reviewer


class TopicFactory(DjangoModelFactory):
    class Meta:
        model = ResearchTopic

    slug = factory.Sequence(lambda n: f"field-{n}")
    name_en = factory.Sequence(lambda n: f"Field {n}")
    name_zh = factory.Sequence(lambda n: f"领域{n}")


class ExpertiseFactory(DjangoModelFactory):
    """Of a reviewer; `of`: their topics."""

    class Meta:
        model = Expertise
        skip_postgeneration_save = True

    person = factory.LazyFunction(reviewer)
    statement = "Ocean models on accelerators."

    @factory.post_generation
    def of(self, create, topics, **_kwargs):
        self.topics.set(topics or [])


class PlanFactory(DjangoModelFactory):
    """Waits for a worker; `done`, `applied`."""

    class Meta:
        model = AssignmentPlan

    class Params:
        done = factory.Trait(
            state="done", ended_at=factory.LazyFunction(timezone.now), total=1.0, worst=0.4
        )

    call = factory.LazyFunction(lambda: call_with(state="in_review"))
    per_proposal = 2
    most = 8
    asked_by = factory.LazyFunction(research_officer)


class PairFactory(DjangoModelFactory):
    class Meta:
        model = PlannedPair

    plan = factory.SubFactory(PlanFactory, done=True)
    proposal = factory.LazyAttribute(lambda o: proposal_for(o.plan.call, state="peer_review"))
    reviewer = factory.LazyFunction(reviewer)
    affinity = 0.5
    topics = factory.LazyFunction(lambda: ["climate"])
    terms = factory.LazyFunction(lambda: ["ocean", "气象"])
