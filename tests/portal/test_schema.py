"""The OpenAPI description is complete: nothing the generator had to guess."""

from io import StringIO

from django.core.management import call_command
from django.urls import reverse


def test_the_description_is_valid_and_without_warnings():
    call_command("spectacular", validate=True, fail_on_warn=True, stdout=StringIO())


def test_anybody_may_read_it_and_it_names_both_credentials(client, db):
    answer = client.get(reverse("api:schema"))
    assert answer.status_code == 200
    schemes = answer.json()["components"]["securitySchemes"]
    assert schemes["token"]["scheme"] == "bearer"
    assert schemes["session"]["in"] == "cookie"
