"""Addresses of the waitlist."""

from django.urls import path

from compute_grants.views import waitlist

URLS = [
    path("calls/<slug:code>/waitlist/", waitlist.waitlist, name="waitlist"),
    path("proposals/<slug:number>/waitlist/", waitlist.place, name="waitlist_place"),
]
