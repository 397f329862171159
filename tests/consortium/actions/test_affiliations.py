from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from consortium.actions import affiliations
from consortium.errors import Invalid, WrongState
from consortium.models import (
    Affiliation,
    AffiliationRequest,
    ArmAppointment,
    AuditEvent,
    Institution,
    User,
)
from consortium.roles import standing
from tests.factories import consortium as make

Role = Affiliation.Role


@pytest.fixture
def institution(db):
    return make.InstitutionFactory.create(mail_domains=["river.example"])


@pytest.fixture
def admin(institution):
    return make.institution_admin(institution)


@pytest.fixture
def secretary(db):
    return make.staff(ArmAppointment.Office.SECRETARIAT)


def again(person):
    return User.objects.get(pk=person.pk)


def test_an_admin_takes_somebody_on(person, institution, admin):
    affiliations.add(person, institution, role=Role.PRINCIPAL, by=admin)
    assert (institution.pk, Role.PRINCIPAL) in standing(again(person)).affiliations
    event = AuditEvent.objects.get()
    assert (event.action, event.target_id) == ("affiliation.begun", str(institution.pk))


def test_rights_end_with_the_next_request(person, institution, admin):
    row = affiliations.add(person, institution, role=Role.MEMBER, by=admin)
    epoch = again(person).session_epoch
    affiliations.end(row, by=admin)
    assert not standing(again(person)).institution_ids
    assert again(person).session_epoch == epoch + 1


def test_a_last_day_may_be_set_ahead(person, institution, admin):
    row = affiliations.add(person, institution, role=Role.MEMBER, by=admin)
    affiliations.end(row, until=timezone.localdate() + timedelta(days=3), by=admin)
    assert standing(again(person)).institution_ids == {institution.pk}


def test_one_may_leave_but_not_end_anothers(person, institution, admin):
    row = affiliations.add(person, institution, role=Role.MEMBER, by=admin)
    with pytest.raises(PermissionDenied):
        affiliations.end(row, by=make.member(institution))
    affiliations.end(row, by=person)


def test_the_last_admin_stays(institution, admin, secretary):
    row = Affiliation.objects.get(user=admin)
    with pytest.raises(affiliations.LastAdmin):
        affiliations.end(row, by=admin)
    other = make.PersonFactory.create()
    affiliations.add(other, institution, role=Role.ADMIN, by=secretary)
    affiliations.end(row, by=admin)


def test_nobody_gives_themselves_a_role(institution, admin, secretary):
    with pytest.raises(PermissionDenied, match="yourself"):
        affiliations.add(admin, institution, role=Role.DELEGATE, by=admin)
    with pytest.raises(PermissionDenied, match="yourself"):
        affiliations.add(secretary, institution, role=Role.MEMBER, by=secretary)


def test_admins_are_named_by_the_secretariat(person, institution, admin, secretary):
    with pytest.raises(PermissionDenied, match="secretariat"):
        affiliations.add(person, institution, role=Role.ADMIN, by=admin)
    affiliations.add(person, institution, role=Role.ADMIN, by=secretary)


def test_an_admin_manages_only_their_own_institution(person, admin):
    with pytest.raises(PermissionDenied):
        affiliations.add(person, make.InstitutionFactory.create(), role=Role.MEMBER, by=admin)


def test_operators_belong_to_centres(person, institution, admin, secretary):
    with pytest.raises(affiliations.NotACentre):
        affiliations.add(person, institution, role=Role.OPERATOR, by=admin)
    centre = make.InstitutionFactory.create(centre=True)
    affiliations.add(person, centre, role=Role.OPERATOR, by=secretary)


def test_a_role_is_held_once(person, institution, admin):
    affiliations.add(person, institution, role=Role.MEMBER, by=admin)
    with pytest.raises(affiliations.AlreadyAffiliated):
        affiliations.add(person, institution, role=Role.MEMBER, by=admin)


def test_only_active_members_take_people_in(person, institution, admin, secretary):
    institution.state = Institution.State.SUSPENDED
    institution.save()
    with pytest.raises(affiliations.NotActive):
        affiliations.add(person, institution, role=Role.MEMBER, by=secretary)


def test_the_end_is_not_before_the_beginning(person, institution, admin):
    yesterday = timezone.localdate() - timedelta(days=1)
    with pytest.raises(Invalid):
        affiliations.add(person, institution, role=Role.MEMBER, until=yesterday, by=admin)


def test_a_mail_domain_is_a_hint_and_gives_nothing(institution):
    person = make.PersonFactory.create(email="wei@lab.river.example")
    request = affiliations.ask(institution, note="Hydrology", by=person)
    assert request.domain_matches
    assert not standing(again(person)).institution_ids
    stranger = make.PersonFactory.create(email="wei@notriver.example")
    assert not affiliations.ask(institution, by=stranger).domain_matches


def test_a_request_is_confirmed_by_the_admin(person, institution, admin):
    request = affiliations.ask(institution, by=person)
    with pytest.raises(PermissionDenied):
        affiliations.confirm(request, by=person)
    with pytest.raises(PermissionDenied):
        affiliations.confirm(request, by=make.institution_admin())
    affiliations.confirm(request, by=admin)
    assert standing(again(person)).institution_ids == {institution.pk}
    with pytest.raises(PermissionDenied, match="decided"):
        affiliations.decline(request, reason="Too late.", by=admin)


def test_a_request_is_declined_with_a_reason(person, institution, admin):
    request = affiliations.ask(institution, by=person)
    with pytest.raises(Invalid):
        affiliations.decline(request, reason="", by=admin)
    affiliations.decline(request, reason="Nobody here knows you.", by=admin)
    assert AffiliationRequest.objects.get().state == AffiliationRequest.State.DECLINED
    affiliations.ask(institution, by=person)  # one may ask again


def test_one_request_waits_at_a_time_and_may_be_withdrawn(person, institution, admin):
    request = affiliations.ask(institution, by=person)
    with pytest.raises(PermissionDenied, match="waits"):
        affiliations.ask(institution, by=person)
    with pytest.raises(PermissionDenied):
        affiliations.withdraw(request, by=admin)
    affiliations.withdraw(request, by=person)
    with pytest.raises(WrongState):
        affiliations.withdraw(request, by=person)


@pytest.mark.parametrize("role", [Role.ADMIN, Role.DELEGATE])
def test_roles_of_trust_are_not_asked_for(person, institution, role):
    with pytest.raises(Invalid):
        affiliations.ask(institution, role=role, by=person)


def test_who_sees_a_request(person, institution, admin, secretary):
    request = affiliations.ask(institution, by=person)
    visible = AffiliationRequest.objects.visible_to
    for reader in (person, admin, secretary):
        assert request in visible(reader)
    for stranger in (make.member(institution), make.institution_admin()):
        assert request not in visible(stranger)
