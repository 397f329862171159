"""The technology-transfer gate: asking, checks, contributions, approvals."""

import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, transaction

from consortium.errors import Invalid
from consortium.models import AuditEvent
from registry import certificates
from registry.actions import gate_approval, gates
from registry.models import (
    Checkpoint,
    Contribution,
    GateCheck,
)
from registry.queries.contributions import digest_of
from tests.factories import allocations, licensing
from tests.factories.consortium import (
    InstitutionFactory,
    delegate,
    deployment_officer,
    member,
    principal,
    research_officer,
)
from tests.factories.licensing import STATEMENTS, Crossing, contributors
from tests.intruder import triggers_off
from tests.registry.actions.crossing_over import State, trusted

pytestmark = pytest.mark.django_db


# Asking


def test_a_request_pins_the_manifest_root_and_is_audited(crossing):
    gate = crossing.requested()
    assert gate.number.startswith("TG-20") and gate.state == State.REQUESTED
    assert gate.manifest_root == crossing.release.checkpoint.manifest_root
    event = AuditEvent.objects.get(action="gate.requested")
    assert (event.actor_id, event.detail["manifest_root"]) == (
        crossing.requester.pk,
        gate.manifest_root,
    )


def test_only_the_lab_that_made_it_can_ask(crossing):
    lab_institution = crossing.release.model.lab.institution
    for stranger in (principal(), member(lab_institution), deployment_officer()):
        with pytest.raises(PermissionDenied):
            gates.request(
                crossing.release, purpose_en="x", purpose_zh="", statements={}, by=stranger
            )


@pytest.mark.parametrize("state", ["draft", "checks", "under_review", "embargoed", "withdrawn"])
def test_only_a_released_checkpoint_can_ask(crossing, state):
    crossing.release.state = state
    with pytest.raises(PermissionDenied, match="released"):
        crossing.requested()


def test_a_checkpoint_is_at_the_gate_only_once(crossing):
    gate = crossing.requested()
    with pytest.raises(gates.AlreadyAtTheGate):
        crossing.requested()
    gates.cancel(gate, reason="Wrong purpose.", by=crossing.requester)
    assert crossing.requested().state == State.REQUESTED


def test_a_request_says_what_for(crossing):
    with pytest.raises(Invalid) as caught:
        crossing.requested(purpose_en=" ", purpose_zh="")
    assert "purpose_en" in caught.value.errors


# Checks


def checks_of(gate):
    return dict(gate.checks.values_list("code", "passed"))


def test_checks_that_pass_hand_over_and_freeze_the_contributions(crossing):
    gate = crossing.in_review()
    assert gate.state == State.RESEARCH_REVIEW
    assert checks_of(gate) == dict.fromkeys(GateCheck.Code.values, True)
    assert gate.snapshot.digest == digest_of(gate.snapshot)


@pytest.mark.parametrize("code", sorted(STATEMENTS))
def test_what_is_not_stated_fails_and_can_be_restated(crossing, code):
    statements = {k: v for k, v in STATEMENTS.items() if k != code}
    gate = gates.run_checks(crossing.requested(statements=statements), by=crossing.requester)
    assert gate.state == State.CHECKS
    assert [c for c, passed in checks_of(gate).items() if not passed] == [code]
    gates.restate(gate, statements={code: "Here it is."}, by=crossing.requester)
    gate = gates.run_checks(gate, by=crossing.requester)
    assert gate.state == State.RESEARCH_REVIEW
    assert gate.checks.get(code=code).evidence == "Here it is."


@pytest.mark.parametrize(
    ("fields", "code", "words"),
    [
        ({"metrics": {}}, "evaluation", "No metric"),
        ({"format": Checkpoint.Format.PICKLE}, "security", "safetensors"),
        ({"format_problem": "the header overlaps"}, "security", "overlaps"),
        (
            {"contents": {"model.safetensors": b"1", "hook.pkl": b"2"}},
            "security",
            "hook.pkl",
        ),
    ],
)
def test_facts_decide_the_automatic_checks(fields, code, words):
    crossing = Crossing(licensing.released(licensing.checkpoint(**fields)))
    gate = gates.run_checks(crossing.requested(), by=crossing.requester)
    check = gate.checks.get(code=code)
    assert (gate.state, check.passed, check.automatic) == (State.CHECKS, False, True)
    assert words in check.evidence


def test_source_code_passes_and_is_named():
    contents = {"model.safetensors": b"1", "loader.py": b"2", "MLmodel": b"3"}
    made = licensing.checkpoint(contents=contents)
    gate = Crossing(licensing.released(made)).in_review()
    assert "loader.py" in gate.checks.get(code="security").evidence


def test_a_data_set_without_a_licence_fails_data_rights(crossing):
    row = licensing.trained_on(crossing.release.checkpoint, InstitutionFactory.create(), "Scans")
    row.licence = ""
    row.save()
    gate = gates.run_checks(crossing.requested(), by=crossing.requester)
    assert "Scans" in gate.checks.get(code="data_rights").evidence


def test_a_parent_that_has_not_passed_closes_the_gate():
    parent = licensing.checkpoint()
    child = Crossing(licensing.released(licensing.checkpoint(parents=(parent,))))
    gate = gates.run_checks(child.requested(), by=child.requester)
    assert parent.number in gate.checks.get(code="lineage").evidence
    assert gate.state == State.CHECKS
    Crossing(licensing.released(parent)).approved()
    gate = gates.run_checks(gate, by=child.requester)
    assert gate.state == State.RESEARCH_REVIEW
    assert [row["checkpoint"] for row in gate.snapshot.ancestors] == [parent.number]


def test_checks_do_not_run_again_once_passed(crossing):
    gate = crossing.in_review()
    with pytest.raises(PermissionDenied):
        gates.run_checks(gate, by=crossing.requester)
    with pytest.raises(PermissionDenied):
        gates.restate(gate, statements=STATEMENTS, by=crossing.requester)


# Contributions


def test_the_snapshot_names_compute_machines_people_and_data():
    crossing = licensing.contributed_by_three()
    gate = crossing.in_review()
    made = crossing.release.checkpoint
    rows = {
        (row.kind, row.institution_id): (row.amount, row.unit)
        for row in gate.snapshot.contributions.all()
    }
    allocation = made.allocation
    owner = licensing.InstitutionFactory._meta.model.objects.get(
        name_en=made.data_sets.get().origin
    )
    assert rows == {
        ("compute", allocation.proposal.institution_id): (7200, "card_seconds"),
        ("infrastructure", allocation.resource.machine.centre_id): (7200, "card_seconds"),
        ("people", made.model.lab.institution_id): (1, "persons"),
        ("data", owner.pk): (1, "data_sets"),
    }


def test_without_tied_jobs_the_whole_allocation_counts():
    allocation = allocations.active()
    made = licensing.checkpoint(allocation=allocation)
    for seconds in (100, 200):
        licensing.run(made, allocation, card_seconds=seconds, tie=False)
    gate = Crossing(licensing.released(made)).in_review()
    assert gate.snapshot.contributions.get(kind="compute").amount == 300


def test_where_no_card_was_used_core_seconds_count():
    allocation = allocations.active()
    made = licensing.checkpoint(allocation=allocation)
    record = licensing.run(made, allocation, card_seconds=0)
    record.core_seconds = 500
    record.save()
    gate = Crossing(licensing.released(made)).in_review()
    row = gate.snapshot.contributions.get(kind="compute")
    assert (row.amount, row.unit) == (500, "core_seconds")


def test_a_snapshot_cannot_be_changed(crossing):
    gate = crossing.in_review()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        Contribution.objects.filter(snapshot=gate.snapshot).update(amount=99)
    with triggers_off():
        Contribution.objects.filter(snapshot=gate.snapshot).update(amount=99)
    assert digest_of(gate.snapshot) != gate.snapshot.digest


# Approvals and consents


def test_the_whole_way_gives_a_certificate_of_both_arms():
    crossing = licensing.contributed_by_three()
    gate = crossing.approved()
    assert gate.state == State.APPROVED
    says = certificates.verify(gate.certificate, trusted())
    assert says["manifest_root"] == gate.manifest_root
    assert says["snapshot"] == gate.snapshot.digest
    assert [row["arm"] for row in says["approvals"]] == ["research", "deployment"]
    assert len(says["consents"]) == len(contributors(gate)) == 4
    assert all(says["checks"].values())
    actions = AuditEvent.objects.filter(
        target_type="registry.transfergate", target_id=str(gate.pk)
    ).values_list("action", flat=True)
    assert set(actions) == {
        *("gate.requested", "gate.checked", "gate.contributions_frozen"),
        *("gate.approved_by_research", "gate.consented", "gate.all_consented", "gate.approved"),
    }


def test_the_order_of_the_arms_is_fixed(crossing):
    gate = crossing.in_review()
    with pytest.raises(PermissionDenied):
        gate_approval.approve_deployment(gate, note="", by=crossing.deployment)
    with pytest.raises(PermissionDenied):
        gates.approve_research(gate, note="", by=crossing.deployment)
    gate = gates.approve_research(gate, note="", by=crossing.research)
    with pytest.raises(PermissionDenied):
        gates.approve_research(gate, note="", by=research_officer())
    with pytest.raises(PermissionDenied):
        gate_approval.approve_deployment(gate, note="", by=crossing.deployment)


def test_nobody_approves_for_both_arms(crossing):
    both = crossing.research
    both.appointments.create(office="deployment", since="2026-01-01")
    gate = crossing.consented()
    again = type(both).objects.get(pk=both.pk)
    with pytest.raises(PermissionDenied, match="twice"):
        gate_approval.approve_deployment(gate, note="", by=again)


def test_an_office_does_not_decide_on_its_own_institution(crossing):
    officer = crossing.research
    home = crossing.release.model.lab.institution
    officer.affiliations.create(institution=home, role="member", since="2026-01-01")
    with pytest.raises(PermissionDenied, match="your institution"):
        gates.approve_research(crossing.in_review(), note="", by=officer)


def test_only_a_delegate_of_that_institution_consents(crossing):
    gate = crossing.consenting()
    (home,) = contributors(gate)
    for other in (member(home), principal(home), delegate(), crossing.research):
        with pytest.raises(PermissionDenied):
            gates.consent(gate, home, verdict="consent", reason="", by=other)


def test_an_institution_answers_once(crossing):
    gate = crossing.consented()
    (home,) = contributors(gate)
    with pytest.raises(PermissionDenied):
        gates.consent(gate, home, verdict="consent", reason="", by=delegate(home))


def test_nobody_consents_for_two_institutions():
    gate = licensing.contributed_by_three().consenting()
    first, second, *_rest = contributors(gate)
    person = delegate(first)
    person.affiliations.create(institution=second, role="delegate", since="2026-01-01")
    gate = gates.consent(gate, first, verdict="consent", reason="", by=person)
    with pytest.raises(PermissionDenied, match="twice"):
        gates.consent(gate, second, verdict="consent", reason="", by=person)


def test_who_contributed_nothing_has_no_say(crossing):
    gate, stranger = crossing.consenting(), InstitutionFactory.create()
    with pytest.raises(Invalid, match="not among"):
        gates.consent(gate, stranger, verdict="consent", reason="", by=delegate(stranger))


def test_all_must_consent_before_the_deployment_office_is_asked():
    gate = licensing.contributed_by_three().consenting()
    *most, last = contributors(gate)
    for institution in most:
        gate = gates.consent(
            gate, institution, verdict="consent", reason="", by=delegate(institution)
        )
        assert gate.state == State.CONSENTING
    gate = gates.consent(gate, last, verdict="consent", reason="", by=delegate(last))
    assert gate.state == State.DEPLOYMENT_REVIEW


def test_an_objection_needs_a_reason_and_ends_it(crossing):
    gate = crossing.consenting()
    (home,) = contributors(gate)
    with pytest.raises(Invalid, match="reason"):
        gates.consent(gate, home, verdict="objection", reason=" ", by=delegate(home))
    gate = gates.consent(
        gate, home, verdict="objection", reason="The data may not leave.", by=delegate(home)
    )
    assert (gate.state, gate.ended_reason) == (State.REFUSED, "The data may not leave.")


@pytest.mark.parametrize("step", ["in_review", "consented"])
def test_each_arm_can_refuse_with_a_reason(crossing, step):
    gate = getattr(crossing, step)()
    officer = crossing.research if step == "in_review" else crossing.deployment
    with pytest.raises(Invalid):
        gates.refuse(gate, reason="", by=officer)
    assert gates.refuse(gate, reason="Not now.", by=officer).state == State.REFUSED


def test_the_other_arm_cannot_refuse(crossing):
    gate = crossing.in_review()
    with pytest.raises(PermissionDenied):
        gates.refuse(gate, reason="No.", by=crossing.deployment)


def test_an_approved_transfer_cannot_be_cancelled(crossing):
    gate = crossing.approved()
    with pytest.raises(PermissionDenied):
        gates.cancel(gate, reason="Oh.", by=crossing.requester)
