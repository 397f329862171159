"""Who may call which route of what the office sets about a call, and of following one."""

from compute_grants.access.rules import api_acts, both, only_post
from consortium.access import Table
from consortium.roles import Permission

PAGES: Table = {
    "compute_grants:call_rounds": both(Permission.CALL_PUBLISH),
    "compute_grants:call_round_add": both(Permission.CALL_PUBLISH),
    "compute_grants:call_extend": both(Permission.CALL_PUBLISH),
    "compute_grants:call_eligibility": both(Permission.CALL_PUBLISH),
    "compute_grants:call_access": both(Permission.CALL_PUBLISH),
    "compute_grants:call_raise": both(Permission.CALL_PUBLISH),
    "compute_grants:call_follow": only_post(Permission.CALL_FOLLOW),
}
API: Table = {
    **api_acts(
        "call",
        Permission.CALL_PUBLISH,
        ["rounds", "add-round", "extend", "eligibility", "access", "raise-budget"],
    ),
    **api_acts("call", Permission.CALL_FOLLOW, ["follow", "unfollow"]),
}
