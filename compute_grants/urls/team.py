"""Addresses of teams."""

from django.urls import path

from compute_grants.views import team

URLS = [
    path("proposals/<slug:number>/team/", team.team, name="proposal_team"),
    path(
        "proposals/<slug:number>/team/<int:pk>/remove/",
        team.team_remove,
        name="proposal_team_remove",
    ),
    path("team-invitations/<int:pk>/", team.invitation, name="team_invitation"),
]
