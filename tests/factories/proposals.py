"""What a proposal consists of: its team, files and measurements."""

import factory
from factory.django import DjangoModelFactory

from compute_grants.models import ScalingPoint, TeamMember
from tests.factories.compute_grants import ProposalFactory, ago
from tests.factories.consortium import PersonFactory


class TeamMemberFactory(DjangoModelFactory):
    """Invited by the lead; `confirmed` or `declined` by an account."""

    class Meta:
        model = TeamMember

    class Params:
        answered = factory.Trait(answered_at=factory.LazyFunction(lambda: ago(hours=1)))
        invited = factory.Trait(state=TeamMember.State.INVITED)
        confirmed = factory.Trait(state=TeamMember.State.CONFIRMED, answered=True)
        declined = factory.Trait(state=TeamMember.State.DECLINED, answered=True)

    proposal = factory.SubFactory(ProposalFactory)
    user = factory.SubFactory(PersonFactory)
    email = factory.LazyAttribute(lambda o: o.user.email if o.user else "nobody@example.org")
    invited_by = factory.SelfAttribute("proposal.lead")


def measured(proposal, points=((8, 8_000), (64, 1_250))) -> None:
    """A series of scaling measurements."""
    for width, milliseconds in points:
        ScalingPoint.objects.create(
            proposal=proposal,
            machine="Machine A",
            precision="BF16",
            width=width,
            milliseconds=milliseconds,
        )
