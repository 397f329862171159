"""Institutions and people: the secretariat founds the site, admits members and appoints staff."""

from datetime import timedelta

from consortium.actions import affiliations, institutions, people
from consortium.models import ArmAppointment, Institution, User
from portal.demo import clock
from portal.demo.content_people import INSTITUTIONS, PEOPLE, InstitutionRow, PersonRow

DOMAIN = "consortium.example"
FOUNDED_DAYS_AGO = 480
ADMISSION = (
    (Institution.State.DUE_DILIGENCE, "The application is complete."),
    (Institution.State.VOTE, "Due diligence found no obstacle."),
    (Institution.State.AGREEMENT_SENT, "The council voted in favour."),
    (Institution.State.ACTIVE, "The membership agreement is signed by both sides."),
)


def email_of(row: PersonRow) -> str:
    return f"{row.handle}@{row.institution or 'office'}.{DOMAIN}"


_ROWS = {row.handle: row for row in PEOPLE}


def person(handle: str) -> User:
    """The person behind a handle, freshly read: their rights are those of this moment."""
    return User.objects.get(email=email_of(_ROWS[handle]))


def load(password: str) -> None:
    """Found the site, admit the institutions, and give everybody their roles."""
    with clock.at(clock.days(-FOUNDED_DAYS_AGO)):
        founder = _found(password)
        for row in PEOPLE:
            if row.handle != founder.email.partition("@")[0]:
                _add(row, founder, password)
        for applicant in INSTITUTIONS:
            _admit(applicant, person(founder.email.partition("@")[0]))
    with clock.at(clock.days(-FOUNDED_DAYS_AGO) + timedelta(days=1)):
        for row in PEOPLE:
            _give_roles(row, person("gu.yan"))


def _found(password: str) -> User:
    row = PEOPLE[0]
    founder = people.add_person(
        email=email_of(row), name_en=row.name_en, name_zh=row.name_zh, by=None, password=password
    )
    people.appoint(founder, office=ArmAppointment.Office.SECRETARIAT, by=None)
    return User.objects.get(pk=founder.pk)


def _add(row: PersonRow, founder: User, password: str) -> None:
    people.add_person(
        email=email_of(row),
        name_en=row.name_en,
        name_zh=row.name_zh,
        language=row.language,
        by=User.objects.get(pk=founder.pk),
        password=password,
    )


def _applicant(row: InstitutionRow) -> User:
    """Who applies for the institution: its first admin, else its first person."""
    of_it = [p for p in PEOPLE if p.institution == row.slug]
    first = next((p for p in of_it if "admin" in p.roles), of_it[0])
    return person(first.handle)


def _admit(row: InstitutionRow, secretary: User) -> None:
    fields = {
        "name_en": row.name_en,
        "name_zh": row.name_zh,
        "kind": row.kind,
        "arm": row.arm,
        "tier": row.tier,
        "country": row.country,
        "related_group": row.group,
        "mail_domains": [f"{row.slug}.{DOMAIN}"],
    }
    institution = institutions.apply(by=_applicant(row), slug=row.slug, **fields)
    institutions.submit(institution, by=_applicant(row))
    for state, reason in ADMISSION:
        institutions.move(institution, to=state, reason=reason, by=secretary)


def _give_roles(row: PersonRow, secretary: User) -> None:
    who = person(row.handle)
    if row.office and row.office != ArmAppointment.Office.SECRETARIAT:
        people.appoint(who, office=row.office, by=secretary)
    if row.institution:
        institution = Institution.objects.get(slug=row.institution)
        held = set(who.affiliations.values_list("role", flat=True))
        for role in row.roles:
            if role not in held:
                affiliations.add(who, institution, role=role, by=secretary)
    if row.topics:
        people.name_reviewer(who, topics=row.topics, panellist=row.panel, by=secretary)
