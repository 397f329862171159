"""Addresses of requests to change grants; before those of grants, which end in a verb."""

from django.urls import path

from compute_grants.views import amendments

URLS = [
    path("requests/", amendments.amendment_list, name="amendment_list"),
    path("requests/<slug:number>/", amendments.amendment, name="amendment"),
    path("requests/<slug:number>/change/", amendments.amendment_change, name="amendment_change"),
    path("requests/<slug:number>/check/", amendments.amendment_check, name="amendment_check"),
    path("requests/<slug:number>/decide/", amendments.amendment_decide, name="amendment_decide"),
    path("requests/<slug:number>/take-up/", amendments.amendment_take_up, name="amendment_take_up"),
    path(
        "requests/<slug:number>/withdraw/", amendments.amendment_withdraw, name="amendment_withdraw"
    ),
    path("grants/<slug:number>/requests/", amendments.amendment_kinds, name="amendment_kinds"),
    path(
        "grants/<slug:number>/requests/<slug:kind>/", amendments.amendment_ask, name="amendment_ask"
    ),
]
