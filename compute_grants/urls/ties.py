"""Addresses of ties, waivers and the windows of conflicts."""

from django.urls import path

from compute_grants.views import tie_disputes, ties

URLS = [
    path("ties/", ties.tie_list, name="tie_list"),
    path("ties/of/<int:pk>/", ties.person_ties, name="person_ties"),
    path("ties/<int:pk>/retract/", ties.tie_retract, name="tie_retract"),
    path("ties/<int:pk>/dispute/", tie_disputes.tie_dispute, name="tie_dispute"),
    path("ties/disputes/<int:pk>/", tie_disputes.tie_dispute_answer, name="tie_dispute_answer"),
    path("reviews/policy/", ties.review_policy, name="review_policy"),
    path("waivers/", ties.waiver_list, name="waiver_list"),
    path("waivers/<int:pk>/", ties.waiver, name="waiver"),
    path("proposals/<slug:number>/waivers/<int:pk>/", ties.waiver_ask, name="waiver_ask"),
]
