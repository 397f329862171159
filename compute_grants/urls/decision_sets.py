"""Addresses of a panel's decisions and the sets they stand in."""

from django.urls import path

from compute_grants.views import decision_sets as views

_SET = "decisions/<slug:number>/"
URLS = [
    path("proposals/<slug:number>/decide/", views.decide, name="decide"),
    path("calls/<slug:code>/decisions/", views.set_list, name="decision_set_list"),
    path("calls/<slug:code>/decisions/choose/", views.choose, name="decision_set_choose"),
    path(_SET, views.decision_set, name="decision_set"),
    path(f"{_SET}propose/", views.propose, name="decision_set_propose"),
    path(f"{_SET}sign/", views.sign, name="decision_set_sign"),
    path(f"{_SET}discard/", views.discard, name="decision_set_discard"),
    path(
        f"{_SET}items/<slug:proposal>/remove/",
        views.item_remove,
        name="decision_set_item_remove",
    ),
]
