"""The parts of a proposal over the API."""

import pytest

from tests.compute_grants.api.test_grants_api import Api
from tests.factories import compute_grants as make
from tests.factories.consortium import principal, research_officer


@pytest.fixture
def draft(db):
    return make.proposal_for(make.call_with())


def test_sections(draft):
    lead, path = Api(draft.lead), f"proposals/{draft.number}"
    lead.patch(f"{path}/", version=1, software="", energy="Early stopping.")
    rows = {row["name"]: row for row in lead.get(f"{path}/sections/")}
    assert (rows["software"]["state"], rows["science"]["state"]) == ("not_started", "complete")
    assert (rows["energy"]["saved_by"], rows["energy"]["optional"]) == (draft.lead.name, True)
    Api(principal()).get(f"{path}/sections/", status=404)


def test_return_names_sections(draft):
    lead, path = Api(draft.lead), f"proposals/{draft.number}"
    lead.post(f"{path}/submit/")
    office = Api(research_officer())
    office.post(f"{path}/return/", reason="x", sections=["nothing"], status=422)
    office.post(f"{path}/return/", reason="Name the data.", sections=["data"])
    states = {row["name"]: row["state"] for row in lead.get(f"{path}/sections/")}
    assert states["data"] == "returned"
