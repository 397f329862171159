"""Addresses of proposals."""

from django.urls import path

from compute_grants.views import proposal_edit, proposal_versions, proposals

URLS = [
    path("proposals/", proposals.proposal_list, name="proposal_list"),
    path("proposals/<slug:number>/", proposals.proposal, name="proposal"),
    path(
        "proposals/<slug:number>/sections/",
        proposal_edit.section_list,
        name="proposal_sections",
    ),
    path("proposals/<slug:number>/edit/<slug:section>/", proposal_edit.edit, name="proposal_edit"),
    path("proposals/<slug:number>/resources/", proposal_edit.resources, name="proposal_resources"),
    path(
        "proposals/<slug:number>/resources/<int:pk>/remove/",
        proposal_edit.resource_remove,
        name="proposal_resource_remove",
    ),
    path("proposals/<slug:number>/access/", proposal_edit.access, name="proposal_access"),
    path("proposals/<slug:number>/check/", proposal_edit.check, name="proposal_check"),
    path("proposals/<slug:number>/receipt/", proposal_edit.receipt, name="proposal_receipt"),
    path(
        "proposals/<slug:number>/receipt.pdf",
        proposal_versions.receipt_pdf,
        name="proposal_receipt_pdf",
    ),
    path("proposals/<slug:number>/versions/", proposal_versions.versions, name="proposal_versions"),
    path("proposals/<slug:number>/clone/", proposal_versions.clone, name="proposal_clone"),
    path("proposals/<slug:number>/withdraw/", proposals.withdraw, name="proposal_withdraw"),
    path("proposals/<slug:number>/return/", proposals.send_back, name="proposal_return"),
    path("proposals/<slug:number>/send-on/", proposals.send_on, name="proposal_send_on"),
    path(
        "proposals/<slug:number>/infeasible/",
        proposals.reject_infeasible,
        name="proposal_infeasible",
    ),
]
