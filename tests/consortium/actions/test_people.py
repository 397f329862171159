from datetime import date, timedelta

import pytest
from allauth.account.models import EmailAddress
from django.core.exceptions import PermissionDenied

from consortium.actions import people
from consortium.errors import Invalid
from consortium.models import ArmAppointment, AuditEvent, Reviewer, User
from consortium.roles import Role, roles_of
from tests.factories import consortium as make

Office = ArmAppointment.Office
PASSWORD = "celadon over ink, 2026"


@pytest.fixture
def secretary(db):
    return make.staff(Office.SECRETARIAT)


def again(person):
    return User.objects.get(pk=person.pk)


def add(by, **changes):
    values = {"email": "Li.Na@Example.org", "name_en": "Li Na", "name_zh": "李娜"}
    return people.add_person(**(values | changes), by=by)


def test_a_person_is_added_with_a_confirmed_address(secretary):
    person = add(secretary)
    assert person.email == "li.na@example.org"
    assert not person.has_usable_password()
    address = EmailAddress.objects.get(user=person)
    assert (address.verified, address.primary) == (True, True)


def test_an_address_is_known_once_in_any_case(secretary):
    add(secretary)
    with pytest.raises(people.AlreadyKnown):
        add(secretary, email="li.na@EXAMPLE.org")


def test_weak_passwords_are_refused(secretary):
    with pytest.raises(Invalid):
        add(secretary, password="short")
    assert add(secretary, password=PASSWORD).check_password(PASSWORD)


def test_only_those_who_manage_people_add_people(db):
    with pytest.raises(PermissionDenied):
        add(make.member())
    add(make.institution_admin())


def test_a_profile_is_its_owners(person):
    changes = {"name_en": "New Name", "name_zh": "", "language": "zh-hans"}
    people.update_profile(person, **changes, by=person)
    assert again(person).name_en == "New Name"
    with pytest.raises(PermissionDenied):
        people.update_profile(person, **changes, by=make.member())
    with pytest.raises(Invalid):
        people.update_profile(person, **(changes | {"name_en": " "}), by=person)


def test_an_orcid_is_one_persons(person):
    profile = {"name_en": "A", "name_zh": "", "language": "en"}
    orcid = "https://orcid.org/0000000218250097"
    assert people.update_profile(person, **profile, orcid=orcid, by=person).orcid == (
        "0000-0002-1825-0097"
    )
    other = make.member()
    for wrong, message in ((orcid, "Somebody else"), ("0000-0002-1825-0098", "does not fit")):
        with pytest.raises(Invalid, match=message):
            people.update_profile(other, **profile, orcid=wrong, by=other)
    people.update_profile(person, **profile, by=person)
    assert again(person).orcid, "what is left out stays"
    people.update_profile(person, **profile, orcid="", by=person)
    assert people.update_profile(other, **profile, orcid=orcid, by=other).orcid


def test_closing_an_account_ends_its_tokens_and_sessions(person, secretary):
    with pytest.raises(PermissionDenied):
        people.deactivate(secretary, reason="Leaving.", by=secretary)
    with pytest.raises(PermissionDenied):
        people.deactivate(person, reason="Because.", by=make.institution_admin())
    people.deactivate(person, reason="Left the field.", by=secretary)
    closed = again(person)
    assert not closed.is_active
    assert closed.session_epoch == 1


def test_the_secretariat_appoints_others(person, secretary):
    people.appoint(person, office=Office.RESEARCH, by=secretary)
    assert Role.RESEARCH_OFFICE in roles_of(again(person))
    with pytest.raises(PermissionDenied, match="yourself"):
        people.appoint(secretary, office=Office.AUDITOR, by=secretary)
    with pytest.raises(PermissionDenied):
        people.appoint(person, office=Office.AUDITOR, by=make.research_officer())
    with pytest.raises(people.AlreadyAppointed):
        people.appoint(person, office=Office.RESEARCH, by=secretary)


def test_the_system_founds_the_secretariat_and_no_more(person):
    people.appoint(person, office=Office.SECRETARIAT, by=None)
    with pytest.raises(PermissionDenied):
        people.appoint(make.PersonFactory.create(), office=Office.SECRETARIAT, by=None)


@pytest.mark.parametrize(
    ("held", "wanted"),
    [(Office.RESEARCH, Office.DEPLOYMENT), (Office.DEPLOYMENT, Office.RESEARCH)],
)
def test_nobody_stands_on_both_sides_of_the_wall(person, secretary, held, wanted):
    people.appoint(person, office=held, by=secretary)
    with pytest.raises(people.BothSidesOfTheWall):
        people.appoint(person, office=wanted, by=secretary)
    people.appoint(person, office=Office.AUDITOR, by=secretary)


def test_a_move_between_the_arms_needs_a_pause(person, secretary):
    first = people.appoint(person, office=Office.RESEARCH, since=date(2026, 1, 1), by=secretary)
    people.end_appointment(first, until=date(2026, 3, 1), by=secretary)
    earliest = date(2026, 3, 1) + people.COOLING_OFF
    with pytest.raises(people.CoolingOff, match="earliest"):
        people.appoint(
            person, office=Office.DEPLOYMENT, since=earliest - timedelta(days=1), by=secretary
        )
    people.appoint(person, office=Office.DEPLOYMENT, since=earliest, by=secretary)


def test_an_appointment_ends_at_once_and_is_kept(person, secretary):
    row = people.appoint(person, office=Office.RESEARCH, by=secretary)
    people.end_appointment(row, by=secretary)
    assert Role.RESEARCH_OFFICE not in roles_of(again(person))
    assert ArmAppointment.objects.filter(pk=row.pk).exists()
    with pytest.raises(PermissionDenied, match="end already"):
        people.end_appointment(row, by=secretary)


def test_reviewers_are_named_by_the_office(person, secretary):
    officer = make.research_officer()
    people.name_reviewer(person, topics=["vision", " "], panellist=False, by=officer)
    assert Reviewer.objects.get().topics == ["vision"]
    people.name_reviewer(person, topics=["vision"], panellist=True, by=secretary)
    assert Role.PANELLIST in roles_of(again(person))
    codes = AuditEvent.objects.order_by("pk").values_list("action", flat=True)
    assert list(codes) == ["reviewer.named", "reviewer.changed"]
    with pytest.raises(PermissionDenied):
        people.name_reviewer(person, topics=[], panellist=True, by=person)
    with pytest.raises(PermissionDenied):
        people.name_reviewer(person, topics=[], panellist=True, by=make.deployment_officer())


def test_colleagues_see_each_other_and_offices_see_everybody(person, secretary):
    member = make.member()
    colleague = make.member(member.affiliations.get().institution)
    assert set(User.objects.visible_to(member)) == {member, colleague}
    assert set(User.objects.visible_to(person)) == {person}
    assert set(User.objects.visible_to(secretary)) >= {person, member, colleague}
