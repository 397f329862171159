"""Samples of teams."""

from tests.factories import compute_grants as make
from tests.factories.consortium import member
from tests.factories.proposals import TeamMemberFactory
from tests.samples import Samples


def samples() -> Samples:
    draft = make.proposal_for(make.call_with())
    ada = member()
    asked = TeamMemberFactory.create(proposal=draft, user=ada)
    TeamMemberFactory.create(proposal=draft, user=None, email="grace@example.org")
    TeamMemberFactory.create(proposal=draft, confirmed=True, role="co_investigator")
    own: dict[str, str] = {"number": draft.number}
    answer = {"pk": asked.pk}
    return {
        "compute_grants:proposal_team": (own, draft.lead),
        "compute_grants:proposal_team_remove": (own | {"pk": asked.pk}, draft.lead),
        "compute_grants:team_invitation": (answer, ada),
        "api:teaminvitation-detail": (answer, ada),
        "api:teaminvitation-confirm": (answer, ada),
        "api:teaminvitation-decline": (answer, ada),
    }
