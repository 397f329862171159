"""Who may call which route of teams. Anybody signed in may answer what they are asked."""

from compute_grants.access.rules import api_acts, api_read, both, only_post
from consortium.access import Auth, Rule, Table, api
from consortium.models import Scope
from consortium.roles import Permission

ANSWER = {"GET": Rule(None, Auth.SESSION), "POST": Rule(None, Auth.SESSION)}
PAGES: Table = {
    "compute_grants:proposal_team": both(Permission.PROPOSAL_WRITE),
    "compute_grants:proposal_team_remove": only_post(Permission.PROPOSAL_WRITE),
    "compute_grants:team_invitation": ANSWER,
}
API: Table = {
    "api:proposal-team": api_read(Permission.PROPOSAL_VIEW),
    **api_acts("proposal", Permission.PROPOSAL_WRITE, ["invite", "uninvite"]),
    "api:teaminvitation-list": api("GET", None, Scope.GRANTS_READ),
    "api:teaminvitation-detail": api("GET", None, Scope.GRANTS_READ),
    "api:teaminvitation-confirm": api("POST", None, Scope.GRANTS_WRITE),
    "api:teaminvitation-decline": api("POST", None, Scope.GRANTS_WRITE),
}
