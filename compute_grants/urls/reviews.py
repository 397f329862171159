"""Addresses of technical and peer reviews."""

from django.urls import path

from compute_grants.views import assignments, rebuttals, reviews, technical

PROPOSAL = "proposals/<slug:number>"

URLS = [
    path(f"{PROPOSAL}/technical/<int:pk>/", technical.technical_review, name="technical_review"),
    path(f"{PROPOSAL}/reviewers/", assignments.assignment_list, name="assignment_list"),
    path(f"{PROPOSAL}/rebuttal/", rebuttals.rebuttal, name="rebuttal"),
    path(f"{PROPOSAL}/rebuttal/open/", rebuttals.rebuttal_open, name="rebuttal_open"),
    path("calls/<slug:code>/reviews/", assignments.call_reviews, name="call_reviews"),
    path("reviews/", reviews.review_list, name="review_list"),
    path("reviews/<int:pk>/", reviews.review, name="review"),
    path("reviews/<int:pk>/conflict/", reviews.declare, name="review_declare"),
    path("reviews/<int:pk>/decline/", reviews.decline, name="review_decline"),
    path("reviews/<int:pk>/revise/", reviews.revise, name="review_revise"),
    path("reviews/<int:pk>/keep/", reviews.keep, name="review_keep"),
    path("reviews/<int:pk>/manage/", assignments.assignment, name="assignment"),
]
