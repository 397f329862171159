"""Addresses of plans of reviewers."""

from django.urls import path

from compute_grants.views import assignment_plans as plans

URLS = [
    path("calls/<slug:code>/matching/", plans.matching, name="matching"),
    path("calls/<slug:code>/reviewers/", plans.reviewer_pool, name="reviewer_pool"),
    path("plans/<int:pk>/", plans.assignment_plan, name="assignment_plan"),
    path("plans/<int:pk>/pairs.csv", plans.plan_csv, name="plan_csv"),
    path("plans/<int:pk>/stop/", plans.plan_stop, name="plan_stop"),
    path("plans/<int:pk>/again/", plans.plan_again, name="plan_again"),
    path("plans/<int:pk>/apply/", plans.plan_apply, name="plan_apply"),
    path("plans/<int:pk>/<slug:number>/", plans.plan_proposal, name="plan_proposal"),
]
