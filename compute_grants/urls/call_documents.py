"""Addresses of documents of calls."""

from django.urls import path

from compute_grants.views import call_documents

URLS = [
    path("calls/<slug:code>/documents/new/", call_documents.attach, name="call_attach"),
    path("calls/<slug:code>/documents/<int:pk>/", call_documents.document, name="call_document"),
    path(
        "calls/<slug:code>/documents/<int:pk>/remove/",
        call_documents.remove,
        name="call_document_remove",
    ),
]
