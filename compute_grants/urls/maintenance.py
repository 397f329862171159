"""Addresses of planned stops."""

from django.urls import path

from compute_grants.views import maintenance

URLS = [
    path("maintenance/", maintenance.maintenance_list, name="maintenance_list"),
    path("machines/<slug:code>/maintenance/", maintenance.plan, name="maintenance_plan"),
    path("maintenance/<int:pk>/change/", maintenance.change, name="maintenance_change"),
    path("maintenance/<int:pk>/cancel/", maintenance.cancel, name="maintenance_cancel"),
    path("maintenance/<int:pk>/finish/", maintenance.finish, name="maintenance_finish"),
]
