import pytest
from django.core.exceptions import PermissionDenied

from consortium.actions import institutions
from consortium.errors import Invalid, WrongState
from consortium.models import Affiliation, ArmAppointment, AuditEvent, Institution, User
from consortium.roles import Permission, has, standing
from tests.factories import consortium as make

State = Institution.State
PATH = [State.DUE_DILIGENCE, State.VOTE, State.AGREEMENT_SENT, State.ACTIVE]


@pytest.fixture
def secretary(db):
    return make.staff(ArmAppointment.Office.SECRETARIAT)


def apply(person, **changes):
    fields = {"name_en": "Quiet River Institute", "name_zh": "静河研究所", "kind": "institute"}
    return institutions.apply(**(fields | changes), by=person)


def admitted(person, secretary):
    institution = institutions.submit(apply(person), by=person)
    for state in PATH:
        institution = institutions.move(institution, to=state, reason="In order.", by=secretary)
    return institution


def again(person):
    return User.objects.get(pk=person.pk)


def test_from_a_draft_to_a_member(person, secretary):
    institution = admitted(person, secretary)
    assert institution.state == State.ACTIVE
    codes = list(AuditEvent.objects.order_by("pk").values_list("action", flat=True))
    assert codes == [
        *("institution.drafted", "institution.submitted", "institution.due_diligence"),
        *("institution.vote", "institution.agreement_sent", "institution.active"),
    ]


def test_the_applicant_has_no_rights_before_the_institution_is_active(person, secretary):
    institutions.submit(apply(person), by=person)
    assert not has(again(person), Permission.PEOPLE_MANAGE)
    institution = Institution.objects.get()
    for state in PATH:
        institutions.move(institution, to=state, reason="In order.", by=secretary)
    assert has(again(person), Permission.PEOPLE_MANAGE)


def test_suspension_takes_the_rights_and_the_sessions(person, secretary):
    institution = admitted(person, secretary)
    epoch = again(person).session_epoch
    institutions.move(institution, to=State.SUSPENDED, reason="Fees unpaid.", by=secretary)
    assert not standing(again(person)).institution_ids
    assert again(person).session_epoch == epoch + 1


def test_a_move_needs_a_reason(person, secretary):
    institution = institutions.submit(apply(person), by=person)
    with pytest.raises(Invalid):
        institutions.move(institution, to=State.DUE_DILIGENCE, reason=" ", by=secretary)
    institution.refresh_from_db()
    assert institution.state == State.SUBMITTED


@pytest.mark.parametrize("to", [State.ACTIVE, State.VOTE, State.SUBMITTED])
def test_steps_are_not_skipped(person, secretary, to):
    institution = institutions.submit(apply(person), by=person)
    with pytest.raises(WrongState):
        institutions.move(institution, to=to, reason="Hurry.", by=secretary)


def test_nobody_decides_about_their_own_institution(person, secretary):
    institution = institutions.submit(apply(person, related_group="Heron Group"), by=person)
    sister = make.InstitutionFactory.create(related_group="Heron Group")
    make.AffiliationFactory.create(user=secretary, institution=sister)
    with pytest.raises(PermissionDenied, match="colleague"):
        institutions.move(institution, to=State.DUE_DILIGENCE, reason="Mine.", by=again(secretary))


def test_only_the_secretariat_moves(person, db):
    institution = institutions.submit(apply(person), by=person)
    for other in (person, make.research_officer(), make.institution_admin()):
        with pytest.raises(PermissionDenied):
            institutions.move(institution, to=State.DUE_DILIGENCE, reason="I may.", by=other)


def test_an_application_is_changed_by_its_makers_while_it_is_theirs(person, secretary):
    institution = apply(person)
    with pytest.raises(PermissionDenied):
        institutions.edit_application(institution, name_en="Other", by=make.member())
    institutions.edit_application(institution, name_en="Loud River", by=person)
    institutions.submit(institution, by=person)
    with pytest.raises(PermissionDenied, match="handed in"):
        institutions.edit_application(institution, name_en="Third", by=person)
    institutions.move(institution, to=State.MORE_INFO, reason="Which river?", by=secretary)
    institutions.edit_application(institution, name_en="Blue River", by=person)
    institution.refresh_from_db()
    assert institution.name_en == "Blue River"


def test_names_are_needed_and_drafts_are_few(person):
    with pytest.raises(Invalid) as error:
        apply(person, name_zh="")
    assert "name_zh" in error.value.errors
    for _ in range(institutions.MOST_DRAFTS):
        apply(person)
    with pytest.raises(institutions.TooManyApplications):
        apply(person)


def test_addresses_do_not_collide_and_codes_are_unique(person):
    first = apply(person, credit_code="91310000X00000001A")
    assert first.slug == "quiet-river-institute"
    assert apply(person).slug == "quiet-river-institute-2"
    with pytest.raises(institutions.AlreadyKnown):
        apply(person, credit_code="91310000X00000001A")


def test_who_sees_an_application(person, secretary):
    institution = apply(person)
    visible = Institution.objects.visible_to
    assert institution in visible(person)
    assert institution in visible(secretary)
    for other in (None, make.member(), make.research_officer()):
        assert institution not in visible(other)
    make.AffiliationFactory.create(institution=institution, role=Affiliation.Role.MEMBER)
    Institution.objects.update(state=State.ACTIVE)
    assert institution in visible(None)
