"""The team of a proposal: asked, confirmed by each, removed."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from compute_grants.actions.drafting import editable, saved
from compute_grants.models import Proposal, SectionName, TeamMember
from compute_grants.policies import team as policy
from consortium import audit
from consortium.actions.notices import notify
from consortium.errors import DomainError, Invalid
from consortium.models import Institution, User
from consortium.states import require_transition

State = TeamMember.State
MOST = 60


class AlreadyOnTeam(DomainError):
    """This person leads the proposal, was invited or has confirmed."""


class TeamIsFull(DomainError):
    """More people than a team may have."""


class ProposalOver(DomainError):
    """The proposal is withdrawn or decided against; nobody joins it."""


@transaction.atomic
def invite(
    proposal: Proposal,
    *,
    by: User,
    email: str = "",
    person: User | None = None,
    name: str = "",
    role: str = TeamMember.Role.MEMBER,
) -> TeamMember:
    """Ask somebody onto the team, by address or by account. Who declined may be asked again.

    Raises PermissionDenied, NotEditable, AlreadyOnTeam, TeamIsFull or Invalid.
    """
    policy.can_manage(by, proposal).require()
    proposal = editable(proposal, by)
    email = (person.email if person else email).strip().lower()
    person = person or User.objects.filter(email__iexact=email, is_active=True).first()
    _check(proposal, email, role)
    member = proposal.team.filter(email__iexact=email).first()
    if member is None:
        if proposal.team.count() >= MOST:
            message = _("A team has at most %(most)s people. Remove somebody first.")
            raise TeamIsFull(message % {"most": MOST})
        member = TeamMember(proposal=proposal, email=email)
    elif member.state != State.DECLINED:
        raise AlreadyOnTeam(_("This person is on the team or was invited already."))
    member.user = person
    member.name = name.strip() or member.name
    member.institution = _home(person)
    member.role = role
    member.state = State.INVITED
    member.invited_by = by
    member.invited_at = timezone.now()
    member.answered_at = None
    member.note = ""
    member.save()
    saved(proposal, sections=[SectionName.TEAM], changed=["team"], by=by)
    audit.record("proposal.member_invited", proposal, by=by, email=email, role=role)
    if person:
        notify("proposal.member_invited", to=[person], about=member, number=proposal.number)
    return member


def _check(proposal: Proposal, email: str, role: str) -> None:
    if not email:
        raise Invalid({"email": [_("Choose a colleague or give an e-mail address.")]})
    if role not in TeamMember.OFFERED:
        raise Invalid({"role": [_("The lead is the principal investigator. Choose another role.")]})
    if email == proposal.lead.email.lower():
        raise AlreadyOnTeam(_("This person leads the proposal."))


def _home(person: User | None) -> Institution | None:
    """The first institution the person belongs to today."""
    if person is None:
        return None
    rows = person.affiliations.on(timezone.localdate()).select_related("institution")
    first = rows.order_by("pk").first()
    return first.institution if first else None


@transaction.atomic
def remove(member: TeamMember, *, by: User) -> None:
    """Take somebody off the team, or an invitation back, while the proposal is a draft.

    Raises PermissionDenied or NotEditable.
    """
    policy.can_manage(by, member.proposal).require()
    proposal = editable(member.proposal, by)
    email, person = member.email, member.user
    member.delete()
    saved(proposal, sections=[SectionName.TEAM], changed=["team"], by=by)
    audit.record("proposal.member_removed", proposal, by=by, email=email)
    if person:
        notify(
            "proposal.member_removed",
            to=[person],
            about=proposal,
            href="/dashboard/",
            number=proposal.number,
        )


@transaction.atomic
def confirm(member: TeamMember, *, by: User) -> TeamMember:
    """Join the team. Raises PermissionDenied, WrongState or ProposalOver."""
    return _answer(member, State.CONFIRMED, by=by)


@transaction.atomic
def decline(member: TeamMember, *, by: User, note: str = "") -> TeamMember:
    """Do not join, or leave a team one had joined, while the proposal is not decided.

    Raises PermissionDenied, WrongState or ProposalOver.
    """
    return _answer(member, State.DECLINED, by=by, note=note)


def _answer(member: TeamMember, state: TeamMember.State, *, by: User, note: str = "") -> TeamMember:
    proposal = Proposal.objects.select_for_update().get(pk=member.proposal_id)
    member = TeamMember.objects.select_for_update().get(pk=member.pk)
    policy.can_answer(by, member).require()
    require_transition(TeamMember.TRANSITIONS, member.state, state)
    if proposal.state in Proposal.OVER:
        message = _("This proposal is “%(state)s”, so its team stays as it is.")
        raise ProposalOver(message % {"state": proposal.get_state_display()})
    member.user = by
    member.institution = _home(by) or member.institution
    member.state = state
    member.answered_at = timezone.now()
    member.note = note.strip()
    member.save(update_fields=["user", "institution", "state", "answered_at", "note"])
    code = "proposal.member_confirmed" if state == State.CONFIRMED else "proposal.member_declined"
    audit.record(code, proposal, by=by, email=member.email)
    _tell_lead(proposal, member)
    return member


def _tell_lead(proposal: Proposal, member: TeamMember) -> None:
    to, number, person = [proposal.lead], proposal.number, member.shown_name
    if member.state == State.CONFIRMED:
        notify("proposal.member_confirmed", to=to, about=proposal, number=number, person=person)
    else:
        notify("proposal.member_declined", to=to, about=proposal, number=number, person=person)
