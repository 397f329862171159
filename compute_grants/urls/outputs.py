"""Addresses of outputs of grants."""

from django.urls import path

from compute_grants.views import outputs

URLS = [
    path("outputs/", outputs.output_list, name="output_list"),
    path("outputs/add/", outputs.add, name="output_add"),
    path("outputs/outputs.csv", outputs.outputs_csv, name="outputs_csv"),
    path("outputs/outputs.bib", outputs.outputs_bibtex, name="outputs_bibtex"),
    path("outputs/<slug:number>/", outputs.output, name="output"),
    path("outputs/<slug:number>/edit/", outputs.edit, name="output_edit"),
    path("outputs/<slug:number>/remove/", outputs.remove, name="output_remove"),
]
