"""Addresses of technical and peer reviews."""

from django.urls import path

from compute_grants.views import proposals, reviews

URLS = [
    path(
        "proposals/<slug:number>/technical/<int:pk>/",
        proposals.technical_review,
        name="technical_review",
    ),
    path("proposals/<slug:number>/reviewers/", reviews.assignment_list, name="assignment_list"),
    path("reviews/", reviews.review_list, name="review_list"),
    path("reviews/<int:pk>/", reviews.review, name="review"),
    path("reviews/<int:pk>/conflict/", reviews.declare, name="review_declare"),
]
