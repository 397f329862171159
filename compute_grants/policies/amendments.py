"""Who may ask for a change of a grant, when, and how much; and who decides."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any

from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from compute_grants import programme
from compute_grants.amendment_facts import Facts
from compute_grants.models import Allocation, Amendment, AmendmentPart
from compute_grants.months import months_later
from compute_grants.policies.interests import concerned, same_house
from consortium.models import Affiliation, ArmAppointment, User
from consortium.policies import ALLOW, Decision, deny
from consortium.roles import Permission, has, standing

Kind = Amendment.Kind
Part = AmendmentPart.Part


def can_ask(user: User, allocation: Allocation, kind: str) -> Decision:
    """Whether this person may ask for such a change at all."""
    if kind == Kind.ADJUSTMENT:
        if not _office(user):
            return deny(_("Only the R&D office adjusts grants."))
        if concerned(user, allocation):
            return deny(_("You cannot decide on your own grant."))
        return ALLOW
    if user.pk != allocation.proposal.lead_id:
        return deny(_("Only the lead of the grant asks for changes."))
    return ALLOW


def is_open(facts: Facts, kind: str) -> Decision:
    """Whether the rules take such a request today, and if not, why and from when."""
    if facts.allocation.state not in Allocation.LIVE and kind != Kind.APPEAL:
        return deny(_("This grant is closed."))
    if not facts.allocation.terms_accepted and kind != Kind.APPEAL:
        return deny(_("The award waits for its lead's answer. Accept its terms first."))
    pending = facts.open_of(kind)
    if pending is not None:
        return deny(format_lazy(_("{number} is under way already."), number=pending.number))
    return _OPENINGS[Kind(kind)](facts)


def can_ask_now(user: User, facts: Facts, kind: str) -> Decision:
    """Both: what greys the button on the grant's page."""
    asking = can_ask(user, facts.allocation, kind)
    return is_open(facts, kind) if asking else asking


def most_seconds(facts: Facts, kind: str) -> int | None:
    """The most that may be asked; None where the rules set no bound."""
    body = facts.bodies[kind]
    if isinstance(body, programme.Renewal):
        return facts.awarded_seconds * body.most_percent // 100
    if isinstance(body, (programme.Supplement, programme.Advance)):
        most = facts.awarded_seconds * body.most_percent // 100
        return max(most - facts.added(kind), 0)
    return facts.left if kind == Kind.TRANSFER else None


def latest_end(facts: Facts, kind: str) -> date | None:
    """The last day that may be asked for; None where the request moves no day."""
    body = facts.bodies[kind]
    if isinstance(body, programme.Extension):
        return months_later(facts.term_ends_on, body.most_months)
    if isinstance(body, programme.Renewal):
        return months_later(facts.allocation.ends_on, body.most_months)
    return None


def due_days(facts: Facts, kind: str) -> int:
    """Within how many days it is decided."""
    rule = facts.bodies[kind]
    assert isinstance(rule, programme.RequestRule)
    return rule.due_days


def _before_end(facts: Facts, days: int) -> Decision:
    ends_on = facts.allocation.ends_on
    opens = ends_on - timedelta(days=days)
    if facts.today < opens:
        return deny(_on(_("Opens on {day}, {days} days before the grant ends."), opens, days))
    if facts.today > ends_on:
        return deny(_on(_("Closed on {day}, the last day of the grant."), ends_on, days))
    return ALLOW


def _on(text: Any, day: date, days: int = 0) -> Promise:
    return format_lazy(text, day=_Day(day), days=days)


class _Day:
    """A day that is written in the reader's language when it is read."""

    def __init__(self, day: date) -> None:
        self.day = day

    def __str__(self) -> str:
        return date_format(self.day)

    def __format__(self, _spec: str) -> str:
        return str(self)


def _extension(facts: Facts) -> Decision:
    body = facts.bodies["extension"]
    assert isinstance(body, programme.Extension)
    latest = latest_end(facts, Kind.EXTENSION)
    assert latest is not None
    if facts.allocation.ends_on >= latest:
        text = _("All {months} months of extension are used. Ask for a renewal instead.")
        return deny(format_lazy(text, months=body.most_months))
    return _before_end(facts, body.opens_days)


def _supplement(facts: Facts) -> Decision:
    if facts.today > facts.allocation.ends_on:
        return deny(_("The last day of the grant is over. Ask for a renewal instead."))
    if most_seconds(facts, Kind.SUPPLEMENT) == 0:
        return deny(_("Supplements have reached the share of the award that the rules allow."))
    return ALLOW


def _transfer(facts: Facts) -> Decision:
    body = facts.bodies["transfer"]
    assert isinstance(body, programme.Transfer)
    closes = facts.allocation.ends_on - timedelta(days=body.closes_days)
    if facts.today > closes:
        return deny(
            _on(_("Closed on {day}, {days} days before the end."), closes, body.closes_days)
        )
    return ALLOW if facts.left else deny(_("Nothing is left to transfer."))


def _advance(facts: Facts) -> Decision:
    body = facts.bodies["advance"]
    assert isinstance(body, programme.Advance)
    if facts.owed_seconds:
        return deny(_("An earlier advance has not been paid back yet."))
    return _before_end(facts, body.opens_days)


def _renewal(facts: Facts) -> Decision:
    body = facts.bodies["renewal"]
    assert isinstance(body, programme.Renewal)
    return _before_end(facts, body.opens_days)


def _appeal(facts: Facts) -> Decision:
    if not appealable(facts):
        return deny(_("No request was refused within the time for an appeal."))
    return ALLOW


_OPENINGS: dict[Kind, Callable[[Facts], Decision]] = {
    Kind.EXTENSION: _extension,
    Kind.SUPPLEMENT: _supplement,
    Kind.TRANSFER: _transfer,
    Kind.ADVANCE: _advance,
    Kind.RENEWAL: _renewal,
    Kind.APPEAL: _appeal,
    Kind.ADJUSTMENT: lambda _facts: ALLOW,
}


def appealable(facts: Facts) -> list[Amendment]:
    """The refused requests that can still be appealed against; each once."""
    body = facts.bodies["appeal"]
    assert isinstance(body, programme.Appeal)
    since = facts.today - timedelta(days=body.within_days)
    tried = {a.against_id for a in facts.past if a.state != Amendment.State.WITHDRAWN}
    return [
        past
        for past in facts.past
        if past.state == Amendment.State.REFUSED
        and past.kind != Kind.APPEAL
        and past.pk not in tried
        and past.decided_at is not None
        and past.decided_at.date() >= since
    ]


def can_withdraw(user: User, amendment: Amendment) -> Decision:
    """Who asked, and the lead, until it is decided."""
    if user.pk not in {amendment.asked_by_id, amendment.allocation.proposal.lead_id}:
        return deny(_("Only the person who asked can withdraw the request."))
    return ALLOW


def can_decide(user: User, amendment: Amendment, parts: Sequence[AmendmentPart]) -> Decision:
    """Whether this person gives one of these words; where none, why not the first.

    What is judged is the grant, so its people are out.
    """
    judging = _can_judge(user, amendment)
    if not judging:
        return judging
    words = [speaks_for(user, amendment, part) for part in parts]
    if not words:
        return deny(_("There is nothing to decide any more."))
    return next((word for word in words if word), words[0])


def _can_judge(user: User, amendment: Amendment) -> Decision:
    if not has(user, Permission.ALLOCATION_MANAGE):
        return deny(_("Only the R&D office and the machine's centre decide on requests."))
    if user.pk == amendment.asked_by_id:
        return deny(_("You asked for this. Somebody else decides."))
    grants = [grant for grant in (amendment.allocation, amendment.other) if grant is not None]
    if any(concerned(user, grant) for grant in grants):
        return deny(
            _("You or your institution have an interest in this grant. A colleague decides.")
        )
    if _had_a_word(user, amendment):
        return deny(_("You have decided on this already. Somebody else decides now."))
    return ALLOW


def _had_a_word(user: User, amendment: Amendment) -> bool:
    about = [pk for pk in (amendment.pk, amendment.against_id) if pk]
    return AmendmentPart.objects.filter(amendment__in=about, by=user).exists()


def speaks_for(user: User, amendment: Amendment, part: AmendmentPart) -> Decision:
    """The office for its parts; a centre's operator for the centre's.

    The office speaks for a centre whose own grant it is, and from the second round on, since
    a centre may have nobody who has not decided yet.
    """
    if part.centre is None:
        return ALLOW if _office(user) else deny(_("The R&D office decides on this."))
    if part.centre_id in standing(user).institutions_as(Affiliation.Role.OPERATOR):
        return ALLOW
    own = same_house(part.centre, amendment.allocation.proposal.institution)
    if _office(user) and (own or amendment.round > 1):
        return ALLOW
    return deny(_("An operator of the machine's centre decides on this."))


def _office(user: User) -> bool:
    return ArmAppointment.Office.RESEARCH in standing(user).offices


def parts_needed(amendment: Amendment, facts: Facts) -> list[tuple[str, int | None]]:
    """(part, id of the centre or None) of each word that the request needs."""
    centre = amendment.allocation.resource.machine.centre_id
    if amendment.kind == Kind.EXTENSION:
        return [(Part.CENTRE, centre)]
    if amendment.kind == Kind.TRANSFER:
        assert amendment.other is not None
        receiving = amendment.other.resource.machine.centre_id
        if receiving == centre:
            return [(Part.CENTRE, centre)]
        return [(Part.GIVING, centre), (Part.RECEIVING, receiving)]
    if amendment.kind == Kind.ADJUSTMENT:
        body = facts.bodies["adjustment"]
        assert isinstance(body, programme.Adjustment)
        large = abs(amendment.seconds or 0) >= body.second_person_hours * 3600
        return [(Part.SECOND, None)] if large else []
    return [(Part.OFFICE, None)]
