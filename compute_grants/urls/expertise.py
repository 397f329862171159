"""Addresses of reviewers' expertise and of topics."""

from django.urls import path

from compute_grants.views import expertise

URLS = [
    path("expertise/", expertise.expertise, name="expertise"),
    path("expertise/of/<int:pk>/", expertise.person_expertise, name="person_expertise"),
    path("topics/", expertise.topic_list, name="topic_list"),
    path("topics/<slug:slug>/retire/", expertise.topic_retire, name="topic_retire"),
]
