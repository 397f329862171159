"""What the pages do when forms are sent: the act, or a clear refusal with the text kept."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from compute_grants.models import (
    Allocation,
    Call,
    Machine,
    PanelDecision,
    Proposal,
    Review,
    ReviewAssignment,
    TechnicalCheck,
)
from tests.factories import compute_grants as make
from tests.factories.consortium import (
    InstitutionFactory,
    operator,
    principal,
    research_officer,
    reviewer,
)

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
HOUR = make.HOUR


class Person:
    """Somebody at a browser without JavaScript."""

    def __init__(self, user) -> None:
        self.user = user
        self.client = Client()
        self.client.force_login(user, backend=BACKEND)

    def get(self, name: str, *args):
        return self.client.get(reverse(f"compute_grants:{name}", args=args))

    def send(self, page: str, /, *args, **data):
        return self.client.post(reverse(f"compute_grants:{page}", args=args), data)


def text(response) -> str:
    return response.content.decode()


# Machines

MACHINE = {
    "code": "qinghe-2",
    "cluster": "qinghe_2",
    "backend": "memory",
    "name_en": "Qinghe 2",
    "name_zh": "清河二号",
    "kind": "ai",
    "nodes": 2,
    "cards": 16,
    "cores": 256,
    "power_kilowatts": 90,
    "source": "Data sheet",
}


def test_an_operator_brings_a_machine_into_service(db):
    centre = InstitutionFactory.create(centre=True)
    person = Person(operator(centre))
    assert person.send("machine_create", centre=centre.pk, **MACHINE).status_code == 302
    machine = Machine.objects.get()
    assert machine.power_watts == 90_000
    partition = {
        "name": "gpu",
        "nodes": 2,
        "accelerator": "A",
        "accelerators_per_node": 8,
        "cores_per_node": 128,
        "memory_gigabytes": 512,
        "max_wall_hours": 72,
    }
    sent = person.send("partition_create", machine.code, **partition)
    stored = machine.partitions.get()
    assert sent.url == reverse("compute_grants:partition_peaks", args=[machine.code, stored.pk])
    assert (stored.memory_bytes_per_node, stored.max_wall_seconds) == (512 * 10**9, 72 * HOUR)
    person.send("partition_peaks", machine.code, stored.pk, BF16="312.5")
    assert stored.peaks.get().gigaflops == 312_500
    person.send("resource_create", machine.code, tres="gres/gpu")
    sent = person.send(
        "machine_capacity",
        machine.code,
        resource=machine.resources.get().pk,
        month="2026-12",
        seconds=5_000,
    )
    assert machine.resources.get().capacities.get().seconds == 5_000 * HOUR
    person.send("machine_publish", machine.code)
    machine.refresh_from_db()
    assert machine.state == "published"
    person.send("machine_state", machine.code, state="maintenance")
    machine.refresh_from_db()
    assert machine.state == "maintenance"
    assert "in maintenance" in text(Client().get(machine.get_absolute_url()))


def test_a_machine_badly_filled_in_keeps_what_was_typed(db):
    centre = InstitutionFactory.create(centre=True)
    bad = MACHINE | {"cluster": "Has Spaces", "nodes": "many"}
    response = Person(operator(centre)).send("machine_create", centre=centre.pk, **bad)
    assert response.status_code == 422
    assert "Has Spaces" in text(response) and "many" in text(response)
    assert not Machine.objects.exists()


def test_a_taken_name_is_tied_to_its_field(db):
    taken = make.machine()
    centre = InstitutionFactory.create(centre=True)
    response = Person(operator(centre)).send(
        "machine_create", centre=centre.pk, **MACHINE | {"code": taken.code}
    )
    assert response.status_code == 422
    assert 'href="#id_code"' in text(response)


def test_more_capacity_than_hardware_is_409_in_place(db):
    machine = make.machine(hours=0)
    person = Person(make.operator_of(machine.centre))
    response = person.send(
        "machine_capacity",
        machine.code,
        resource=machine.resources.get().pk,
        month="2026-12",
        seconds=10**9,
    )
    assert response.status_code == 409
    assert "hardware has" in text(response) and "1000000000" in text(response)


def test_publishing_too_early_is_a_page_of_its_own(db):
    machine = make.MachineFactory.create()
    response = Person(make.operator_of(machine.centre)).send("machine_publish", machine.code)
    assert response.status_code == 409
    assert "a partition" in text(response)


def test_a_published_peak_is_corrected_but_not_taken_back(db):
    machine = make.machine()
    person = Person(make.operator_of(machine.centre))
    pk = machine.partitions.get().pk
    assert person.send("partition_peaks", machine.code, pk, BF16="1").status_code == 409
    assert person.send("partition_peaks", machine.code, pk, BF16="1", FP64="2").status_code == 302


# Calls


def call_fields(**changes):
    now = timezone.localtime()
    return {
        "kind": "root_model",
        "stage": "for_ai",
        "title_en": "Root",
        "title_zh": "根",
        "summary_en": "S",
        "summary_zh": "摘",
        "opens_at": f"{now:%Y-%m-%dT%H:%M}",
        "closes_at": f"{now + timedelta(days=9):%Y-%m-%dT%H:%M}",
        "reviewers_per_proposal": 2,
    } | changes


def rubric(*weights: int) -> dict[str, object]:
    data: dict[str, object] = {"line-TOTAL_FORMS": len(weights), "line-INITIAL_FORMS": 0}
    for n, weight in enumerate(weights):
        data |= {
            f"line-{n}-name_en": f"C{n}",
            f"line-{n}-name_zh": f"准{n}",
            f"line-{n}-weight_percent": weight,
        }
    return data


def test_the_office_brings_a_call_out(db):
    resource = make.machine().resources.get()
    judge = make.panellist()
    office = Person(research_officer())
    assert office.send("call_create", **call_fields()).status_code == 302
    call = Call.objects.get()
    assert office.send("call_rubric", call.code, **rubric(60, 30)).status_code == 422
    assert office.send("call_rubric", call.code, **rubric(60, 40)).status_code == 302
    assert (
        office.send("call_budget", call.code, resource=resource.pk, seconds=99).status_code == 302
    )
    assert office.send("call_panel", call.code, panel=[judge.pk]).status_code == 302
    assert "Before publishing" not in text(office.get("call_publish", call.code))
    assert office.send("call_publish", call.code).status_code == 302
    assert office.send("call_state", call.code, to="open").status_code == 302
    call.refresh_from_db()
    assert call.state == "open"
    assert call.budgets.get().account.available == 99 * HOUR
    response = office.send("call_state", call.code, to="in_review")
    assert response.status_code == 409 and "promised" in text(response)


def test_a_call_that_closes_before_it_opens(db):
    wrong = call_fields(closes_at="2020-01-01T00:00")
    response = Person(research_officer()).send("call_create", **wrong)
    assert response.status_code == 422
    assert "close after it opens" in text(response)


def test_moments_are_beijing_time(db):
    Person(research_officer()).send("call_create", **call_fields(closes_at="2030-01-01T08:00"))
    assert Call.objects.get().closes_at.isoformat() == "2030-01-01T00:00:00+00:00"


def test_the_call_page_says_why_one_is_not_eligible(db):
    call = make.call_with()
    assert "PI-eligible" in text(Person(reviewer()).get("call", call.code))
    assert "Yes. Your institution" in text(Person(principal()).get("call", call.code))
    assert "Sign in" in text(Client().get(call.get_absolute_url()))


# Proposals


@pytest.fixture
def lead(db) -> Person:
    return Person(principal())


@pytest.fixture
def draft(lead) -> Proposal:
    house = lead.user.affiliations.get().institution
    return make.proposal_for(make.call_with(), lead=lead.user, institution=house)


def test_from_the_call_to_the_receipt(lead):
    call = make.call_with()
    house = lead.user.affiliations.get().institution
    sent = lead.send("call_apply", call.code, institution=house.pk, title_en="Digits")
    number = Proposal.objects.get().number
    assert sent.url == reverse("compute_grants:proposal_edit", args=[number, "summary"])
    sections = [
        ("summary", {"title_en": "Digits", "title_zh": "数字", "summary": "S"}),
        ("science", {"science_case": "Why"}),
        ("data", {"data_ethics": "Public"}),
    ]
    for section, texts in sections:
        version = Proposal.objects.get().version
        sent = lead.send("proposal_edit", number, section, version=version, **texts)
        assert sent.status_code == 302
    resource = call.budgets.get().resource
    sent = lead.send(
        "proposal_resources",
        number,
        resource=resource.pk,
        precision="BF16",
        seconds=500,
        cards=8,
        justification="5 x 100 h",
    )
    assert sent.status_code == 302
    version = Proposal.objects.get().version
    sent = lead.send("proposal_check", number, version=version)
    assert sent.url == reverse("compute_grants:proposal_receipt", args=[number])
    receipt = text(lead.get("proposal_receipt", number))
    assert number in receipt and Proposal.objects.get().content_hash in receipt
    again = lead.send("proposal_check", number, version=version)
    assert again.status_code == 409 and "was submitted at" in text(again)


def test_a_stale_form_gets_both_texts(lead, draft):
    fresh = {"version": 1, "science_case": "From the office"}
    stale = {"version": 1, "science_case": "From home"}
    lead.send("proposal_edit", draft.number, "science", **fresh)
    response = lead.send("proposal_edit", draft.number, "science", **stale)
    assert response.status_code == 409
    assert "From the office" in text(response) and "From home" in text(response)
    draft.refresh_from_db()
    assert draft.science_case == "From the office"
    mine = {"version": draft.version, "science_case": "From home"}
    assert lead.send("proposal_edit", draft.number, "science", **mine).status_code == 302


def autosave(person, draft, **data):
    url = reverse("compute_grants:proposal_edit", args=[draft.number, "science"])
    return person.client.post(url, data, headers={"Accept": "application/json"})


def test_a_pause_saves(lead, draft):
    saved = autosave(lead, draft, version=1, science_case="Half a thought").json()
    assert saved["version"] == 2 and saved["message"].startswith("Saved at ")
    assert autosave(lead, draft, version=2, science_case="A thought").json()["version"] == 3
    assert Proposal.objects.get().science_case == "A thought"


def test_a_pause_overwrites_nothing_newer(lead, draft):
    autosave(lead, draft, version=1, science_case="Here")
    stale = autosave(lead, draft, version=1, science_case="There")
    assert stale.status_code == 409 and "changed elsewhere" in stale.json()["message"]
    assert autosave(lead, draft, version="x").status_code == 422
    Proposal.objects.update(state="withdrawn")
    assert autosave(lead, draft, version=2, science_case="Late").status_code == 409
    assert Proposal.objects.get().science_case == "Here"


def test_what_the_machine_cannot_do_is_said_at_the_field(lead, draft):
    response = lead.send(
        "proposal_resources",
        draft.number,
        resource=draft.call.budgets.get().resource_id,
        precision="INT8",
        seconds=500,
        cards=8,
        justification="kept text",
    )
    assert response.status_code == 422
    assert "no peak at INT8" in text(response) and "kept text" in text(response)


def test_an_incomplete_proposal_is_not_submitted(lead, draft):
    Proposal.objects.update(summary="")
    response = lead.send("proposal_check", draft.number, version=1)
    assert response.status_code == 422
    assert "Write the summary" in text(response)


def test_after_the_deadline(lead, draft):
    Call.objects.update(closes_at=timezone.now())
    response = lead.send("proposal_check", draft.number, version=1)
    assert response.status_code == 409 and "closed at" in text(response)


def test_remove_a_request_and_withdraw(lead, draft):
    lead.send("proposal_resource_remove", draft.number, draft.requests.get().pk)
    assert not draft.requests.exists()
    lead.send("proposal_withdraw", draft.number)
    draft.refresh_from_db()
    assert draft.state == "withdrawn"


def test_an_unknown_section_is_not_found(lead, draft):
    assert lead.get("proposal_edit", draft.number, "hidden").status_code == 404


def test_filters_of_the_list(lead, draft):
    make.proposal_for(draft.call, state="submitted")
    page = text(lead.get("proposal_list"))
    assert draft.number in page and page.count("/proposals/P-") == 1
    office = Person(research_officer())
    listed = office.client.get(reverse("compute_grants:proposal_list") + "?state=peer_review")
    assert "No proposals here" in text(listed)


# The office, the centre, reviewers, the panel


def test_the_office_checks(db):
    call = make.call_with()
    office = Person(research_officer())
    complete = make.proposal_for(call, state="submitted")
    lacking = make.proposal_for(call, state="submitted")
    office.send("proposal_send_on", complete.number)
    assert office.send("proposal_return", lacking.number, reason="").status_code == 422
    office.send("proposal_return", lacking.number, reason="Name the data.")
    states = [Proposal.objects.get(pk=p.pk).state for p in (complete, lacking)]
    assert states == ["technical_review", "returned"]
    assert "Name the data." in text(Person(lacking.lead).get("proposal", lacking.number))


def test_the_centre_judges(db):
    proposal = make.proposal_for(make.call_with(), state="technical_review")
    request = proposal.requests.get()
    centre = Person(make.operator_of(request.resource.machine.centre))
    where = (proposal.number, request.pk)
    assert "verdict" in text(centre.get("proposal", proposal.number))
    lines = {f"result_{item}": "ok" for item in TechnicalCheck.Item}
    lines |= {"result_memory": "concern", "note_memory": "Tight."}
    response = centre.send("technical_review", *where, verdict="partly", reason="Half.", **lines)
    assert response.status_code == 422 and "Half." in text(response) and "Tight." in text(response)
    silent = centre.send("technical_review", *where, verdict="feasible", reason="Half.")
    assert silent.status_code == 422
    sent = centre.send(
        "technical_review", *where, verdict="partly", reason="Half.", cap_hours=50, **lines
    )
    assert sent.status_code == 302
    assert request.technical_review.cap_seconds == 50 * HOUR


def test_the_office_invites_and_sees_conflicts(db):
    proposal = make.proposal_for(make.call_with(), state="peer_review")
    fit, colleague = reviewer(), reviewer(proposal.institution)
    office = Person(research_officer())
    page = text(office.get("assignment_list", proposal.number))
    assert "its related group" in page
    due = "2030-01-01T17:00"
    bad = office.send("assignment_list", proposal.number, reviewer=colleague.pk, due_at=due)
    assert bad.status_code == 422
    office.send("assignment_list", proposal.number, reviewer=fit.pk, due_at=due)
    assert ReviewAssignment.objects.get().reviewer == fit


def test_declare_then_read_then_review(db):
    assignment = make.AssignmentFactory.create()
    person = Person(assignment.reviewer)
    make.review_of(assignment.proposal)
    page = person.get("review", assignment.pk)
    assert page.url == reverse("compute_grants:review_declare", args=[assignment.pk])
    before = text(person.get("review_declare", assignment.pk))
    assert assignment.proposal.science_case not in before
    unsure = person.send("review_declare", assignment.pk, answer="none", conflict="But")
    assert unsure.status_code == 422
    person.send("review_declare", assignment.pk, answer="none", conflict="")
    page = text(person.get("review", assignment.pk))
    assert "Why it matters." in page and "Well argued." not in page
    criteria = list(assignment.proposal.call.criteria.all())
    scores = {f"score_{c.pk}": 4 for c in criteria} | {f"reason_{c.pk}": "So." for c in criteria}
    half = person.send("review", assignment.pk, **scores)
    assert half.status_code == 422 and "So." in text(half)
    person.send("review", assignment.pk, comment="Kept.", **scores)
    assert Review.objects.filter(assignment=assignment).exists()
    assert "Well argued." in text(person.get("review", assignment.pk))


def test_decline(db):
    assignment = make.AssignmentFactory.create()
    person = Person(assignment.reviewer)
    silent = person.send("review_declare", assignment.pk, answer="conflict", conflict="")
    assert silent.status_code == 422
    person.send("review_declare", assignment.pk, answer="conflict", conflict="My student.")
    assert person.get("proposal", assignment.proposal.number).status_code == 404
    assert "You declined" in text(person.get("review_declare", assignment.pk))


@pytest.fixture
def ranked(db) -> Proposal:
    proposal = make.proposal_for(make.call_with(state="in_review", hours=100), state="ranked")
    make.review_of(proposal)
    return proposal


def award_fields(proposal, hours=80, **changes):
    return {
        "outcome": "awarded",
        f"hours_{proposal.requests.get().pk}": hours,
        "starts_on": "2027-01-01",
        "ends_on": "2027-12-31",
        "reason": "Excellent.",
    } | changes


def test_an_award_is_checked_before_it_is_final(ranked):
    judge = Person(make.panellist(ranked.call))
    page = judge.send("decide", ranked.number, **award_fields(ranked))
    assert page.status_code == 200 and "An award is final" in text(page)
    assert not PanelDecision.objects.exists()
    change = judge.send("decide", ranked.number, **award_fields(ranked, change="1"))
    assert change.status_code == 200 and not PanelDecision.objects.exists()
    sent = judge.send("decide", ranked.number, **award_fields(ranked, confirmed="1"))
    assert sent.url == reverse("compute_grants:decision_receipt", args=[ranked.number])
    assert Allocation.objects.get().seconds == 80 * HOUR
    assert Allocation.objects.get().number in text(judge.get("decision_receipt", ranked.number))
    lead = text(Person(ranked.lead).get("decision_receipt", ranked.number))
    assert "Excellent." in lead and judge.user.name not in lead


@pytest.mark.parametrize(
    ("changes", "status", "words"),
    [
        ({"hours": 101}, 409, "at most 100 hours"),
        ({"ends_on": "2026-12-31"}, 422, "end after it starts"),
        ({"ends_on": ""}, 422, "a first and a last day"),
        ({"hours": ""}, 422, "at least one"),
    ],
)
def test_an_award_that_cannot_be(ranked, changes, status, words):
    judge = Person(make.panellist(ranked.call))
    fields = award_fields(ranked, **{"confirmed": "1"} | changes)
    response = judge.send("decide", ranked.number, **fields)
    assert response.status_code == status
    assert words in text(response) and "Excellent." in text(response)
    ranked.refresh_from_db()
    assert ranked.state == "ranked"


def test_more_than_the_budget_left(ranked):
    other = make.proposal_for(ranked.call, state="ranked")
    judge = Person(make.panellist(ranked.call))
    judge.send("decide", other.number, **award_fields(other, confirmed="1"))
    response = judge.send("decide", ranked.number, **award_fields(ranked, confirmed="1"))
    assert response.status_code == 409 and "has 20 hours left" in text(response)


@pytest.mark.parametrize("outcome", ["rejected", "waitlisted"])
def test_other_outcomes(ranked, outcome):
    judge = Person(make.panellist(ranked.call))
    judge.send("decide", ranked.number, outcome=outcome, reason="No.", confirmed="1")
    ranked.refresh_from_db()
    assert ranked.state == outcome


def test_the_board_masks_what_its_reader_has_an_interest_in(ranked):
    judge = make.panellist(ranked.call)
    own = make.proposal_for(ranked.call, state="ranked", lead=judge, title_en="My secret own")
    page = text(Person(judge).get("board", ranked.call.code))
    assert own.number in page and "My secret own" not in page
    assert ranked.title_en in page
    assert Person(reviewer(panellist=True)).get("board", ranked.call.code).status_code == 403


def test_rank_from_the_board(db):
    call = make.call_with(state="in_review")
    proposal = make.proposal_for(call, state="peer_review")
    judge = Person(make.panellist(call))
    assert judge.send("call_rank", call.code).status_code == 409
    for _ in range(2):
        make.review_of(proposal)
    assert judge.send("call_rank", call.code).status_code == 302
    assert Proposal.objects.get().state == "ranked"


def test_applicants_read_reviews_after_the_decision_without_names(ranked):
    name = ranked.assignments.get().reviewer.name
    lead = Person(ranked.lead)
    assert "Well argued." not in text(lead.get("proposal", ranked.number))
    judge = Person(make.panellist(ranked.call))
    judge.send("decide", ranked.number, outcome="rejected", reason="No.", confirmed="1")
    page = text(lead.get("proposal", ranked.number))
    assert "Well argued." in page and "Reviewer 1" in page
    assert "Between us." not in page and name not in page
