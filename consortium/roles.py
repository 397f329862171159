"""One permission vocabulary. Roles map to permissions here, in code, and nowhere else.

A permission says that a person of this role may ever do such a thing; the object's policy
(`can_x`) says whether this person may do it to this object now. docs/permissions.md is
generated from this module and the access tables.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from django.db.models import Case, Value, When
from django.utils import timezone

from consortium.models import (
    Affiliation,
    ArmAppointment,
    Institution,
    Reviewer,
    Scope,
    User,
    in_force,
)


class Permission(StrEnum):
    # consortium
    INSTITUTION_VIEW = "institution.view"
    INSTITUTION_MANAGE = "institution.manage"
    INSTITUTION_ADMIT = "institution.admit"
    PEOPLE_VIEW = "people.view"
    PEOPLE_MANAGE = "people.manage"
    REVIEWER_NAME = "reviewer.name"
    APPOINT = "people.appoint"
    TOKEN_OWN = "token.own"  # noqa: S105  a permission's name
    AUDIT_VIEW = "audit.view"
    # compute_grants
    MACHINE_VIEW = "machine.view"
    MACHINE_PUBLISH = "machine.publish"
    CALL_VIEW = "call.view"
    CALL_FOLLOW = "call.follow"
    CALL_PUBLISH = "call.publish"
    PROPOSAL_VIEW = "proposal.view"
    PROPOSAL_WRITE = "proposal.write"
    FEASIBILITY_DECIDE = "feasibility.decide"
    REVIEW_ASSIGN = "review.assign"
    REVIEW_WRITE = "review.write"
    TIE_KEEP = "tie.keep"
    PANEL_DECIDE = "panel.decide"
    AWARD_PROPOSE = "award.propose"
    ALLOCATION_VIEW = "allocation.view"
    ALLOCATION_MEMBERS = "allocation.members"
    ALLOCATION_MANAGE = "allocation.manage"
    USAGE_VIEW = "usage.view"
    USAGE_IMPORT = "usage.import"
    STATISTICS_VIEW = "statistics.view"
    # registry
    MODEL_VIEW = "model.view"
    LAB_MANAGE = "lab.manage"
    RUN_WRITE = "run.write"
    RELEASE_PUBLISH = "release.publish"
    RELEASE_DECIDE = "release.decide"
    RELEASE_WITHDRAW = "release.withdraw"
    RELEASE_DOWNLOAD = "release.download"
    GATE_VIEW = "gate.view"
    GATE_REQUEST = "gate.request"
    GATE_APPROVE_RESEARCH = "gate.approve_research"
    GATE_APPROVE_DEPLOYMENT = "gate.approve_deployment"
    GATE_CONSENT = "gate.consent"
    OFFERING_VIEW = "offering.view"
    OFFERING_PUBLISH = "offering.publish"
    LICENCE_VIEW = "licence.view"
    LICENCE_REQUEST = "licence.request"
    LICENCE_OFFER = "licence.offer"
    LICENCE_SIGN = "licence.sign"
    RECEIPT_RECORD = "receipt.record"
    STATEMENT_VIEW = "statement.view"
    PROVENANCE_VIEW = "provenance.view"


class Role(StrEnum):
    PERSON = "person"  # signed in, no more
    MEMBER = "member"
    PRINCIPAL = "principal"
    DELEGATE = "delegate"
    INSTITUTION_ADMIN = "institution_admin"
    OPERATOR = "operator"
    CENTRE_ADMIN = "centre_admin"  # an institution's admin, where the institution is a centre
    FUNDER = "funder"  # anybody of a public body
    REVIEWER = "reviewer"
    PANELLIST = "panellist"
    RESEARCH_OFFICE = "research_office"
    DEPLOYMENT_OFFICE = "deployment_office"
    SECRETARIAT = "secretariat"
    AUDITOR = "auditor"


P = Permission
_PUBLIC_READING = frozenset(
    {P.INSTITUTION_VIEW, P.MACHINE_VIEW, P.CALL_VIEW, P.MODEL_VIEW, P.OFFERING_VIEW}
)
_PERSON = _PUBLIC_READING | {
    P.TOKEN_OWN,
    P.CALL_FOLLOW,
    P.RELEASE_DOWNLOAD,
    P.LICENCE_VIEW,
    P.PROVENANCE_VIEW,
}
_MEMBER = _PERSON | {
    P.PROPOSAL_VIEW,
    P.PROPOSAL_WRITE,
    P.TIE_KEEP,
    P.ALLOCATION_VIEW,
    P.ALLOCATION_MEMBERS,
    P.RUN_WRITE,
    P.RELEASE_PUBLISH,
    P.RELEASE_WITHDRAW,
    P.GATE_VIEW,
    P.GATE_REQUEST,
    P.LICENCE_REQUEST,
    P.STATEMENT_VIEW,
}
ROLE_PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.PERSON: _PERSON,
    Role.MEMBER: _MEMBER,
    Role.PRINCIPAL: _MEMBER,
    Role.DELEGATE: _MEMBER | {P.GATE_CONSENT, P.LICENCE_SIGN},
    Role.INSTITUTION_ADMIN: _MEMBER
    | {P.INSTITUTION_MANAGE, P.PEOPLE_VIEW, P.PEOPLE_MANAGE, P.LAB_MANAGE},
    Role.OPERATOR: _PERSON
    | {
        P.MACHINE_PUBLISH,
        P.FEASIBILITY_DECIDE,
        P.PROPOSAL_VIEW,
        P.TIE_KEEP,
        P.ALLOCATION_VIEW,
        P.ALLOCATION_MEMBERS,
        P.ALLOCATION_MANAGE,
        P.USAGE_VIEW,
        P.USAGE_IMPORT,
        P.STATISTICS_VIEW,
        P.STATEMENT_VIEW,
    },
    Role.CENTRE_ADMIN: _PERSON | {P.STATISTICS_VIEW},
    Role.FUNDER: _PERSON | {P.STATISTICS_VIEW},
    Role.REVIEWER: _PERSON | {P.PROPOSAL_VIEW, P.REVIEW_WRITE, P.TIE_KEEP},
    Role.PANELLIST: _PERSON | {P.PROPOSAL_VIEW, P.PANEL_DECIDE, P.AWARD_PROPOSE, P.TIE_KEEP},
    Role.RESEARCH_OFFICE: _PERSON
    | {
        P.PEOPLE_VIEW,
        P.REVIEWER_NAME,
        P.CALL_PUBLISH,
        P.PROPOSAL_VIEW,
        P.TIE_KEEP,
        P.REVIEW_ASSIGN,
        P.AWARD_PROPOSE,
        P.ALLOCATION_VIEW,
        P.ALLOCATION_MEMBERS,
        P.ALLOCATION_MANAGE,
        P.STATISTICS_VIEW,
        P.GATE_VIEW,
        P.RELEASE_DECIDE,
        P.RELEASE_WITHDRAW,
        P.GATE_APPROVE_RESEARCH,
        P.STATEMENT_VIEW,
    },
    Role.DEPLOYMENT_OFFICE: _PERSON
    | {
        P.GATE_VIEW,
        P.GATE_APPROVE_DEPLOYMENT,
        P.OFFERING_PUBLISH,
        P.LICENCE_OFFER,
        P.LICENCE_SIGN,
        P.RECEIPT_RECORD,
        P.STATEMENT_VIEW,
    },
    Role.SECRETARIAT: _PERSON
    | {
        P.INSTITUTION_MANAGE,
        P.INSTITUTION_ADMIT,
        P.PEOPLE_VIEW,
        P.PEOPLE_MANAGE,
        P.APPOINT,
        P.REVIEWER_NAME,
        P.AUDIT_VIEW,
    },
    Role.AUDITOR: _PERSON
    | {
        P.PEOPLE_VIEW,
        P.AUDIT_VIEW,
        P.PROPOSAL_VIEW,
        P.ALLOCATION_VIEW,
        P.USAGE_VIEW,
        P.STATISTICS_VIEW,
        P.GATE_VIEW,
        P.LICENCE_VIEW,
        P.STATEMENT_VIEW,
    },
}

# What only somebody with a second factor may do: award, admit, appoint, sign and sign off.
SECOND_FACTOR: frozenset[Permission] = frozenset(
    {
        P.INSTITUTION_ADMIT,
        P.APPOINT,
        P.PANEL_DECIDE,
        P.GATE_APPROVE_RESEARCH,
        P.GATE_APPROVE_DEPLOYMENT,
        P.GATE_CONSENT,
        P.LICENCE_OFFER,
        P.LICENCE_SIGN,
        P.RECEIPT_RECORD,
    }
)

# A token scope is open to those whose roles carry at least one of these permissions.
SCOPE_PERMISSIONS: dict[Scope, frozenset[Permission]] = {
    Scope.PROFILE_READ: frozenset({P.TOKEN_OWN}),
    Scope.GRANTS_READ: frozenset({P.CALL_VIEW, P.PROPOSAL_VIEW, P.ALLOCATION_VIEW}),
    Scope.GRANTS_WRITE: frozenset(
        {
            P.MACHINE_PUBLISH,
            P.CALL_PUBLISH,
            P.PROPOSAL_WRITE,
            P.FEASIBILITY_DECIDE,
            P.REVIEW_ASSIGN,
            P.REVIEW_WRITE,
            P.TIE_KEEP,
            P.PANEL_DECIDE,
            P.AWARD_PROPOSE,
            P.ALLOCATION_MEMBERS,
            P.ALLOCATION_MANAGE,
        }
    ),
    Scope.USAGE_WRITE: frozenset({P.USAGE_IMPORT}),
    Scope.REGISTRY_READ: frozenset({P.MODEL_VIEW, P.RELEASE_DOWNLOAD}),
    Scope.REGISTRY_WRITE: frozenset(
        {P.LAB_MANAGE, P.RUN_WRITE, P.RELEASE_PUBLISH, P.RELEASE_DECIDE, P.GATE_REQUEST}
    ),
    Scope.LICENCES_READ: frozenset({P.OFFERING_VIEW, P.LICENCE_VIEW}),
    Scope.LICENCES_WRITE: frozenset(
        {P.OFFERING_PUBLISH, P.LICENCE_REQUEST, P.LICENCE_OFFER, P.RECEIPT_RECORD}
    ),
}

_OFFICES = {
    ArmAppointment.Office.RESEARCH: Role.RESEARCH_OFFICE,
    ArmAppointment.Office.DEPLOYMENT: Role.DEPLOYMENT_OFFICE,
    ArmAppointment.Office.SECRETARIAT: Role.SECRETARIAT,
    ArmAppointment.Office.AUDITOR: Role.AUDITOR,
}
_AFFILIATIONS = {
    Affiliation.Role.MEMBER: Role.MEMBER,
    Affiliation.Role.PRINCIPAL: Role.PRINCIPAL,
    Affiliation.Role.DELEGATE: Role.DELEGATE,
    Affiliation.Role.ADMIN: Role.INSTITUTION_ADMIN,
    Affiliation.Role.OPERATOR: Role.OPERATOR,
}


def _roles_there(role: str, kind: str) -> set[Role]:
    """What an affiliation gives besides its own role, by the kind of the institution."""
    if kind == Institution.Kind.PUBLIC_BODY:
        return {Role.FUNDER}
    if kind == Institution.Kind.CENTRE and role == Affiliation.Role.ADMIN:
        return {Role.CENTRE_ADMIN}
    return set()


class House(NamedTuple):
    """An institution's names."""

    name_en: str
    name_zh: str


class _Held(NamedTuple):
    """Something the person is: an affiliation, an office, or a reviewer.

    name: the role, the office, or “panellist” of a reviewer who sits on panels. The rest is the
    institution's of an affiliation.
    """

    what: str
    name: str
    institution: int = 0
    kind: str = ""
    name_en: str = ""
    name_zh: str = ""


AFFILIATION, OFFICE, REVIEWER = "affiliation", "office", "reviewer"


def _held(user: User, today: date) -> Iterator[_Held]:
    """Everything the person's rights follow from. One query."""
    there = ("institution_id", *(f"institution__{name}" for name in _Held._fields[3:]))
    nowhere = (Value(0), *(Value("") for _name in _Held._fields[3:]))
    sits = Case(When(panellist=True, then=Value("panellist")), default=Value(""))
    affiliations = user.affiliations.on(today).values_list(Value(AFFILIATION), "role", *there)
    offices = user.appointments.filter(in_force(today)).values_list(
        Value(OFFICE), "office", *nowhere
    )
    reviewing = Reviewer.objects.filter(in_force(today), user=user).values_list(
        Value(REVIEWER), sits, *nowhere
    )
    yield from (_Held(*row) for row in affiliations.union(offices, reviewing, all=True))


class Standing:
    """Everything a person's rights follow from, read once (one query) and kept.

    affiliations: open (institution id, Affiliation.Role) pairs at active institutions.
    home: the names of the institution for which the person acts, None for nobody's.
    """

    home: House | None = None

    def __init__(self, user: User, today: date) -> None:
        held = list(_held(user, today))
        open_rows = [row for row in held if row.what == AFFILIATION]
        roles = set[Role]()
        for row in held:
            if row.what == AFFILIATION:
                roles |= _roles_there(row.name, row.kind)
            elif row.what == REVIEWER:
                roles |= {Role.REVIEWER, Role.PANELLIST} if row.name else {Role.REVIEWER}
        if open_rows:
            first = min(open_rows, key=lambda row: (row.institution, row.name))
            self.home = House(first.name_en, first.name_zh)
        offices = [row.name for row in held if row.what == OFFICE]
        self._settle([(row.institution, row.name) for row in open_rows], offices, roles)

    @classmethod
    def of(
        cls, affiliations: Iterable[tuple[int, str]], offices: Iterable[str], reviewing: set[Role]
    ) -> Standing:
        """A standing from rows that were read elsewhere, by the same rules (in one query).

        What follows from an institution's kind is left out: it opens statistics and no more.
        """
        made = cls.__new__(cls)
        made._settle(affiliations, offices, reviewing)  # noqa: SLF001  one of its own
        return made

    def _settle(
        self, affiliations: Iterable[tuple[int, str]], offices: Iterable[str], reviewing: set[Role]
    ) -> None:
        self.affiliations: frozenset[tuple[int, str]] = frozenset(affiliations)
        self.offices: frozenset[str] = frozenset(offices)
        self.roles = frozenset(
            {Role.PERSON}
            | {_AFFILIATIONS[Affiliation.Role(role)] for _, role in self.affiliations}
            | {_OFFICES[ArmAppointment.Office(office)] for office in self.offices}
            | reviewing
        )
        self.permissions = frozenset[Permission]().union(
            *(ROLE_PERMISSIONS[role] for role in self.roles)
        )

    @property
    def institution_ids(self) -> frozenset[int]:
        return frozenset(pk for pk, _ in self.affiliations)

    def institutions_as(self, *roles: Affiliation.Role) -> frozenset[int]:
        """Ids of the institutions where the person holds one of `roles`."""
        return frozenset(pk for pk, role in self.affiliations if role in roles)


def standing(user: User) -> Standing:
    """The person's standing today, kept on the user object for the request's length.

    Reload the user to see a change: a request decides on one consistent reading.
    """
    kept: Standing | None = getattr(user, "_standing", None)
    if kept is None:
        kept = Standing(user, timezone.localdate())
        user._standing = kept  # type: ignore[attr-defined]  # noqa: SLF001
    return kept


def roles_of(user: User) -> frozenset[Role]:
    return standing(user).roles


def has(user: object, permission: Permission) -> bool:
    """Whether this (perhaps anonymous) user's roles carry `permission`."""
    if not isinstance(user, User):
        return permission in _PUBLIC_READING
    return user.is_active and permission in standing(user).permissions


def scopes_open_to(user: User) -> list[Scope]:
    """The token scopes that the person's roles give a meaning to, in the order of Scope."""
    held = standing(user).permissions
    return [scope for scope in Scope if held & SCOPE_PERMISSIONS[scope]]


def shares_interest(user: User, institution: Institution) -> bool:
    """Whether the person belongs to the institution or to its related group."""
    ids = standing(user).institution_ids
    return bool(ids) and Institution.objects.filter(institution.interests, pk__in=ids).exists()
