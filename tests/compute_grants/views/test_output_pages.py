"""Pages and API of outputs."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from compute_grants.models import Output
from tests.compute_grants.api.test_grants_api import Api
from tests.compute_grants.views.person import Person, text
from tests.factories.allocations import active, operator_for
from tests.factories.consortium import member
from tests.factories.outputs import ORCID, output_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def grant():
    return active()


@pytest.fixture
def lead(grant) -> Person:
    return Person(grant.proposal.lead)


def filled(grant, **more):
    return {
        "kind": "dataset",
        "title": "A corpus of proofs",
        "authors": f"陈一, {ORCID}\nJosiah Carberry",
        "year": "2026",
        "grants": [grant.pk],
    } | more


def test_added_changed_taken_back(grant, lead):
    assert "No outputs here" in text(lead.get("output_list"))
    bad = lead.send("output_add", **filled(grant, doi="x", authors="陈一, 0000-0002-1825-0098"))
    assert bad.status_code == 422
    assert "does not fit" in text(bad)
    assert lead.send("output_add", **filled(grant)).status_code == 302
    output = Output.objects.get()
    assert output.title in text(lead.client.get(grant.get_absolute_url()))
    page = text(lead.get("output_edit", output.number))
    assert f"陈一, {ORCID}" in page
    changed = lead.send(
        "output_edit", output.number, **filled(grant, title="Proofs", doi="10.1000/1")
    )
    assert changed["Location"] == output.get_absolute_url()
    assert "https://doi.org/10.1000/1" in text(lead.get("output", output.number))
    assert lead.send("output_add", **filled(grant, doi="10.1000/1")).status_code == 409
    assert lead.send("output_remove", output.number).status_code == 302
    assert lead.get("output", output.number).status_code == 404


def test_readers_change_nothing_and_strangers_see_nothing(grant):
    output = output_of(grant)
    operator = Person(operator_for(grant))
    assert operator.get("output", output.number).status_code == 200
    assert operator.get("output_edit", output.number).status_code == 403
    assert operator.send("output_remove", output.number).status_code == 403
    assert Person(member()).get("output", output.number).status_code == 404


def test_the_list_narrows_and_downloads_what_it_shows(grant, lead):
    output_of(grant)
    output_of(grant, kind="talk", doi="", year=2024, title="A talk")
    url = reverse("compute_grants:output_list")
    for query, found in (("kind=talk", 1), ("year=2026", 1), ("year=x", 2), ("grant=none", 0)):
        assert len(lead.client.get(f"{url}?{query}").context["page_obj"]) == found
    bib = text(lead.client.get(f"{reverse('compute_grants:outputs_bibtex')}?kind=talk"))
    assert bib.count("@misc") == 1
    csv = lead.client.get(f"{reverse('compute_grants:outputs_csv')}?kind=talk")
    lines = b"".join(csv.streaming_content).decode("utf-8-sig").splitlines()
    assert len(lines) == 2


def test_the_list_asks_a_fixed_number_of_queries(grant, lead):
    counts = []
    lead.get("output_list")
    for n in (1, 6):
        for m in range(n):
            output_of(grant, doi=f"10.5555/{n}.{m}")
        with CaptureQueriesContext(connection) as queries:
            assert lead.get("output_list").status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 12, counts


def test_over_the_api(grant):
    mine = Api(grant.proposal.lead)
    body = {
        "kind": "model",
        "title": "Root 1",
        "year": 2026,
        "authors": [{"name": "Chen Yi", "orcid": ORCID}],
        "doi": "https://doi.org/10.5555/R1",
        "grants": [grant.number],
    }
    made = mine.post("outputs/", 201, **body)
    assert (made["doi"], made["authors"][0]["orcid"]) == ("10.5555/r1", ORCID)
    mine.post("outputs/", 409, **body)
    mine.post("outputs/", 422, **body | {"doi": "x"})
    mine.post("outputs/", 404, **body | {"grants": ["NCC-2000-0001"]})
    Api(operator_for(grant)).post("outputs/", 403, **body)
    path = f"/api/v1/outputs/{made['number']}/"
    put = mine.client.put(path, body | {"title": "Root 2"}, content_type="application/json")
    assert put.json()["title"] == "Root 2"
    Api(member()).get(f"outputs/{made['number']}/", 404)
    assert mine.client.post(f"{path}remove/").status_code == 204
    assert mine.get("outputs/")["results"] == []
