"""Addresses of a proposal's files and measurements."""

from django.urls import path

from compute_grants.views import proposal_parts

URLS = [
    path(
        "proposals/<slug:number>/attachments/",
        proposal_parts.attachments,
        name="proposal_attachments",
    ),
    path(
        "proposals/<slug:number>/attachments/<int:pk>/",
        proposal_parts.attachment,
        name="attachment",
    ),
    path(
        "proposals/<slug:number>/attachments/<int:pk>/remove/",
        proposal_parts.attachment_remove,
        name="attachment_remove",
    ),
    path("proposals/<slug:number>/scaling/", proposal_parts.scaling, name="proposal_scaling"),
    path(
        "proposals/<slug:number>/scaling.csv",
        proposal_parts.scaling_csv,
        name="proposal_scaling_csv",
    ),
]
