"""Addresses of letters about decisions."""

from django.urls import path

from compute_grants.views import award_letters as views

URLS = [
    path("proposals/<slug:number>/letter/", views.letter, name="decision_letter"),
    path("proposals/<slug:number>/letter.pdf", views.letter_pdf, name="decision_letter_pdf"),
    path("letters/<slug:sha256>/", views.letter_check, name="letter_check"),
]
