"""Ties, waivers, policies and rebuttals."""

from datetime import timedelta

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from compute_grants.models import (
    RebuttalWindow,
    ReviewPolicy,
    Tie,
    TieDispute,
    TieEvidence,
    Waiver,
)
from tests.factories.compute_grants import ProposalFactory, ago
from tests.factories.consortium import (
    InstitutionFactory,
    PersonFactory,
    research_officer,
    reviewer,
)


class TieFactory(DjangoModelFactory):
    """A collaboration that lasts; `employment` for one with an institution.

    `found` by the portal, between two people whom it makes, in a proposal of the one.
    """

    class Meta:
        model = Tie
        skip_postgeneration_save = True

    class Params:
        employment = factory.Trait(
            kind=Tie.Kind.EMPLOYMENT,
            institution=factory.SubFactory(InstitutionFactory),
            other_email="",
        )
        retracted = factory.Trait(retracted_at=factory.LazyFunction(lambda: ago(days=1)))
        found = factory.Trait(
            source=Tie.Source.DETECTED,
            with_person=factory.SubFactory(PersonFactory),
            other_email=factory.LazyAttribute(lambda o: o.with_person.email),
            evidence=factory.RelatedFactory(
                "tests.factories.reviews.TieEvidenceFactory", factory_related_name="tie"
            ),
        )

    person = factory.SubFactory(PersonFactory)
    kind = Tie.Kind.COLLABORATION
    other_email = factory.Sequence(lambda n: f"other{n}@example.org")


class TieEvidenceFactory(DjangoModelFactory):
    class Meta:
        model = TieEvidence

    tie = factory.SubFactory(TieFactory, found=True)
    proposal = factory.SubFactory(ProposalFactory, peer_review=True)
    on = factory.LazyFunction(timezone.localdate)


class TieDisputeFactory(DjangoModelFactory):
    """Raised by the person; `accepted` or `refused` by the office."""

    class Meta:
        model = TieDispute

    class Params:
        answered = factory.Trait(
            answer="The paper names another person.",
            answered_by=factory.LazyFunction(research_officer),
            answered_at=factory.LazyFunction(lambda: ago(hours=1)),
        )
        accepted = factory.Trait(state=TieDispute.State.ACCEPTED, answered=True)
        refused = factory.Trait(state=TieDispute.State.REFUSED, answered=True)

    tie = factory.SubFactory(TieFactory, found=True)
    reason = "Another author of the same name."
    raised_by = factory.SelfAttribute("tie.person")


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
