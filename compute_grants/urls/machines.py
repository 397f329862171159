"""Addresses of machines."""

from django.urls import path

from compute_grants.views import machine_edit, machines

URLS = [
    path("machines/", machines.machine_list, name="machine_list"),
    path("machines/new/", machine_edit.create, name="machine_create"),
    path("machines/<slug:code>/", machines.machine, name="machine"),
    path("machines/<slug:code>/edit/", machine_edit.edit, name="machine_edit"),
    path("machines/<slug:code>/publish/", machine_edit.publish, name="machine_publish"),
    path("machines/<slug:code>/state/", machine_edit.state, name="machine_state"),
    path("machines/<slug:code>/capacity/", machine_edit.capacity, name="machine_capacity"),
    path("machines/<slug:code>/months/", machines.months, name="machine_months"),
    path("machines/<slug:code>/resources/", machine_edit.resource_create, name="resource_create"),
    path(
        "machines/<slug:code>/partitions/", machine_edit.partition_create, name="partition_create"
    ),
    path(
        "machines/<slug:code>/partitions/<int:pk>/change/",
        machine_edit.partition_change,
        name="partition_change",
    ),
    path(
        "machines/<slug:code>/partitions/<int:pk>/peaks/",
        machine_edit.partition_peaks,
        name="partition_peaks",
    ),
    path(
        "machines/<slug:code>/partitions/<int:pk>/remove/",
        machine_edit.partition_remove,
        name="partition_remove",
    ),
]
