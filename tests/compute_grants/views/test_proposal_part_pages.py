"""Files and measurements on pages and over the API."""

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.compute_grants.api.test_grants_api import Api
from tests.compute_grants.views.person import Person, text
from tests.consortium import hostile
from tests.factories import compute_grants as make
from tests.factories.consortium import principal, research_officer


@pytest.fixture(autouse=True)
def _store(settings, tmp_path):
    settings.FILES_DIR = tmp_path / "files"


@pytest.fixture
def draft(db):
    return make.proposal_for(make.call_with())


def pdf(data=None, name="plan.pdf"):
    return SimpleUploadedFile(name, hostile.pdf() if data is None else data)


def test_attached_read_and_removed(draft):
    lead = Person(draft.lead)
    assert "No file is attached" in text(lead.get("proposal_attachments", draft.number))
    sent = lead.send("proposal_attachments", draft.number, file=pdf(), section="science")
    assert sent.status_code == 302
    made = draft.attachments.get()
    for page in ("proposal_attachments", "proposal", "proposal_check"):
        assert "plan.pdf" in text(lead.get(page, draft.number))
    got = lead.get("attachment", draft.number, made.pk)
    assert got.getvalue() == hostile.pdf()
    assert "attachment;" in got["Content-Disposition"]
    assert Person(principal()).get("attachment", draft.number, made.pk).status_code == 404
    assert lead.send("attachment_remove", draft.number, made.pk).status_code == 302
    assert lead.get("attachment", draft.number, made.pk).status_code == 404


def test_a_lie_is_told_at_the_field(draft):
    sent = Person(draft.lead).send(
        "proposal_attachments", draft.number, file=pdf(hostile.picture()), section="science"
    )
    assert sent.status_code == 422
    assert "id_file_error" in text(sent) and not draft.attachments.exists()


def test_readers_of_a_submitted_proposal_get_its_files(draft):
    lead = Person(draft.lead)
    lead.send("proposal_attachments", draft.number, file=pdf(), section="data")
    lead.send("proposal_check", draft.number, version=2)
    office = Person(research_officer())
    got = office.get("attachment", draft.number, draft.attachments.get().pk)
    assert got.getvalue() == hostile.pdf()
    page = text(lead.get("proposal_attachments", draft.number))
    assert "The text is fixed now" in page and "Remove" not in page


def test_scaling_stated_plotted_and_exported(draft):
    lead = Person(draft.lead)
    given = {"version": 1, "machine": "Qinghu", "precision": "BF16"}
    sent = lead.send("proposal_scaling", draft.number, points="8 10\n64, 2.5\n", **given)
    assert sent.status_code == 302
    page = text(lead.get("proposal_scaling", draft.number))
    assert "50.0 %" in page and "scaling-chart" in page
    assert "50.0 %" in text(lead.get("proposal", draft.number))
    lines = b"".join(lead.get("proposal_scaling_csv", draft.number).streaming_content).decode()
    assert lines.splitlines()[2] == "Qinghu,BF16,64,2.5,4.0,0.5"
    stale = lead.send("proposal_scaling", draft.number, points="", **given)
    assert stale.status_code == 409 and "changed elsewhere" in text(stale)


@pytest.mark.parametrize("points", ["8", "8 ten", "8 1 2", "0 3", "8 0", "8 nan"])
def test_a_line_that_is_none_is_named(draft, points):
    sent = Person(draft.lead).send(
        "proposal_scaling",
        draft.number,
        version=1,
        machine="Q",
        precision="BF16",
        points=f"4 5\n{points}",
    )
    assert sent.status_code == 422 and "Line 2" in text(sent)


def test_over_the_api(draft):
    lead, path = Api(draft.lead), f"proposals/{draft.number}"
    answer = lead.client.post(f"/api/v1/{path}/attach/", {"file": pdf(), "section": "science"})
    assert answer.status_code == 201, answer.content
    made = json.loads(answer.content)
    assert lead.get(f"{path}/attachments/") == [made]
    lie = lead.client.post(f"/api/v1/{path}/attach/", {"file": pdf(hostile.picture())})
    assert lie.status_code == 422 and "file" in json.loads(lie.content)["errors"]
    assert lead.post(f"{path}/detach/", attachment=made["id"]) == []
    points = [{"width": 1, "milliseconds": 100}, {"width": 4, "milliseconds": 50}]
    found = lead.post(f"{path}/set-scaling/", machine="Q", precision="FP64", points=points)
    assert found[0]["rows"][1] == points[1] | {"speed_up": 2.0, "efficiency": 0.5}
    assert lead.get(f"{path}/scaling/") == found
    Api(principal()).get(f"{path}/scaling/", status=404)
