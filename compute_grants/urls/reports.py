"""Addresses of reports on grants."""

from django.urls import path

from compute_grants.views import reports

URLS = [
    path("grant-reports/", reports.report_list, name="report_list"),
    path("grant-reports/<slug:number>/", reports.report, name="report"),
    path("grant-reports/<slug:number>/edit/", reports.edit, name="report_edit"),
    path("grant-reports/<slug:number>/check/", reports.check, name="report_check"),
    path("grant-reports/<slug:number>/more-time/", reports.extend, name="report_extend"),
    path("grant-reports/<slug:number>/waive/", reports.waive, name="report_waive"),
    path("grant-reports/<slug:number>/receipt/", reports.receipt, name="report_receipt"),
]
