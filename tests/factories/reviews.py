"""Ties, waivers, policies and rebuttals."""

from datetime import timedelta

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from compute_grants.models import RebuttalWindow, ReviewPolicy, Tie, Waiver
from tests.factories.compute_grants import ProposalFactory, ago
from tests.factories.consortium import (
    InstitutionFactory,
    PersonFactory,
    research_officer,
    reviewer,
)


class TieFactory(DjangoModelFactory):
    """A collaboration that lasts; `employment` for one with an institution."""

    class Meta:
        model = Tie

    class Params:
        employment = factory.Trait(
            kind=Tie.Kind.EMPLOYMENT,
            institution=factory.SubFactory(InstitutionFactory),
            other_email="",
        )
        retracted = factory.Trait(retracted_at=factory.LazyFunction(lambda: ago(days=1)))

    person = factory.SubFactory(PersonFactory)
    kind = Tie.Kind.COLLABORATION
    other_email = factory.Sequence(lambda n: f"other{n}@example.org")


class ReviewPolicyFactory(DjangoModelFactory):
    class Meta:
        model = ReviewPolicy

    since = factory.LazyFunction(timezone.localdate)
    reason = "The council's decision of this year."
    set_by = factory.LazyFunction(research_officer)


class WaiverFactory(DjangoModelFactory):
    """Asked for; `approved` by a second person."""

    class Meta:
        model = Waiver

    class Params:
        decided = factory.Trait(
            decided_by=factory.LazyFunction(research_officer),
            decided_at=factory.LazyFunction(lambda: ago(hours=1)),
        )
        approved = factory.Trait(state=Waiver.State.APPROVED, decided=True)
        refused = factory.Trait(state=Waiver.State.REFUSED, decided=True)
        revoked = factory.Trait(state=Waiver.State.REVOKED, decided=True)

    proposal = factory.SubFactory(ProposalFactory, peer_review=True)
    reviewer = factory.LazyFunction(reviewer)
    ground = "collaboration:1"
    conflict = "published or worked with the lead"
    reason = "No other expert reads this field."
    asked_by = factory.LazyFunction(research_officer)
    expires_on = factory.LazyFunction(lambda: timezone.localdate() + timedelta(days=60))


class RebuttalWindowFactory(DjangoModelFactory):
    class Meta:
        model = RebuttalWindow

    proposal = factory.SubFactory(ProposalFactory, peer_review=True)
    opened_by = factory.LazyFunction(research_officer)
    opened_at = factory.LazyFunction(lambda: ago(hours=1))
    until = factory.LazyFunction(lambda: ago(days=-7))
