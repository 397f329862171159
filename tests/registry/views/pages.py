"""Addresses of licensing, for the tests of its pages."""

from django.urls import reverse

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
POST_ONLY = {
    *("registry:gate_check", "registry:offering_offer", "registry:offering_retire"),
    *("registry:licence_accept", "registry:licence_accept_counter"),
}


def address(name, *args, **kwargs):
    return reverse(f"registry:{name}", args=args, kwargs=kwargs)
