"""Institutions and people in every role. `today` is fixed nowhere: rights are dated."""

from datetime import date, timedelta

import factory
from factory.django import DjangoModelFactory

from consortium.models import (
    Affiliation,
    Arm,
    ArmAppointment,
    Institution,
    Reviewer,
    User,
)

SINCE = date(2026, 1, 1)


class PersonFactory(DjangoModelFactory):
    """A person without any role; traits of AffiliationFactory and others add them."""

    class Meta:
        model = User

    email = factory.Sequence(lambda n: f"person{n}@example.org")
    name_en = factory.Sequence(lambda n: f"Person {n}")
    name_zh = factory.Sequence(lambda n: f"人员{n}")
    language = "en"
    password = "!"


class InstitutionFactory(DjangoModelFactory):
    class Meta:
        model = Institution

    class Params:
        centre = factory.Trait(kind=Institution.Kind.CENTRE)
        enterprise = factory.Trait(kind=Institution.Kind.ENTERPRISE, arm=Arm.DEPLOYMENT)

    slug = factory.Sequence(lambda n: f"institution-{n}")
    name_en = factory.Sequence(lambda n: f"Institution {n}")
    name_zh = factory.Sequence(lambda n: f"单位{n}")
    kind = Institution.Kind.UNIVERSITY
    state = Institution.State.ACTIVE


class AffiliationFactory(DjangoModelFactory):
    class Meta:
        model = Affiliation

    user = factory.SubFactory(PersonFactory)
    institution = factory.SubFactory(InstitutionFactory)
    role = Affiliation.Role.MEMBER
    since = SINCE


def member(institution: Institution | None = None, role: str = Affiliation.Role.MEMBER) -> User:
    """A new person who holds `role` at `institution` (a new university by default)."""
    institution = institution or InstitutionFactory.create()
    affiliation: Affiliation = AffiliationFactory.create(institution=institution, role=role)
    return affiliation.user


def principal(institution: Institution | None = None) -> User:
    return member(institution, Affiliation.Role.PRINCIPAL)


def delegate(institution: Institution | None = None) -> User:
    return member(institution, Affiliation.Role.DELEGATE)


def institution_admin(institution: Institution | None = None) -> User:
    return member(institution, Affiliation.Role.ADMIN)


def operator(centre: Institution | None = None) -> User:
    centre = centre or InstitutionFactory.create(centre=True)
    return member(centre, Affiliation.Role.OPERATOR)


def staff(office: str) -> User:
    """A person of one office of the consortium: ArmAppointment.Office."""
    user: User = PersonFactory.create()
    ArmAppointment.objects.create(user=user, office=office, since=SINCE)
    return user


def research_officer() -> User:
    return staff(ArmAppointment.Office.RESEARCH)


def deployment_officer() -> User:
    return staff(ArmAppointment.Office.DEPLOYMENT)


def reviewer(institution: Institution | None = None, *, panellist: bool = False) -> User:
    """A reviewer (and panellist) who is a member of some other institution."""
    user = member(institution)
    Reviewer.objects.create(user=user, panellist=panellist, since=SINCE)
    return user


def ended(affiliation: Affiliation) -> Affiliation:
    """The same affiliation, over since yesterday."""
    affiliation.until = date.today() - timedelta(days=1)  # noqa: DTZ011  any past day will do
    affiliation.save(update_fields=["until"])
    return affiliation
