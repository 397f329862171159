"""Who may lead a proposal: the consortium's own rules, then the call's, each with its reason.

The one place: the call's page shows `verdicts`, the actions that start and submit a proposal
ask `can_lead`.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property

from allauth.mfa.models import Authenticator
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from compute_grants.models import AccessType, Allocation, Call, EligibilityRule
from compute_grants.policies import calls as call_policy
from compute_grants.policies.obligations import overdue_reports
from consortium.models import Affiliation, Arm, Institution, User
from consortium.policies import ALLOW, Decision, deny

Kind = EligibilityRule.Kind
ROLES = {
    Kind.INSTITUTION_KIND: dict(Institution.Kind.choices),
    Kind.ROLE: dict(Affiliation.Role.choices),
    Kind.TIER: dict(Institution.Tier.choices),
    Kind.ARM: dict(Arm.choices),
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """One rule in words, and whether this reader meets it."""

    rule: str | Promise
    decision: Decision


class Applicant:
    """A person, and what of them rules look at: read once, three queries at most."""

    def __init__(self, user: User, institution: Institution | None = None) -> None:
        self.user = user
        self.today = timezone.localdate()
        self.institution = institution

    @cached_property
    def affiliations(self) -> list[Affiliation]:
        rows = self.user.affiliations.on(self.today).select_related("institution")
        return list(rows.order_by("pk"))

    @property
    def houses(self) -> list[Institution]:
        """Institutions that named the person PI-eligible; only the chosen one, if one is."""
        named = [a.institution for a in self.affiliations if a.role == Affiliation.Role.PRINCIPAL]
        chosen = self.institution
        return [house for house in named if chosen is None or house.pk == chosen.pk]

    def roles_at(self, house: Institution) -> set[str]:
        return {a.role for a in self.affiliations if a.institution_id == house.pk}

    def until(self, house: Institution) -> date | None:
        """The last day of the person's longest affiliation there; None: without an end."""
        ends = [a.until for a in self.affiliations if a.institution_id == house.pk]
        return None if None in ends else max(end for end in ends if end)

    @cached_property
    def has_second_factor(self) -> bool:
        kinds = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]
        return bool(Authenticator.objects.filter(user=self.user, type__in=kinds).exists())

    @cached_property
    def overdue(self) -> int:
        return overdue_reports(self.user, self.today)


def can_lead(user: User, call: Call, institution: Institution | None = None) -> Decision:
    """Whether this person may lead a proposal under `call`, for `institution` or for any.

    The reason is that of the first rule that is not met.
    """
    failed = [v.decision for v in verdicts(user, call, institution) if not v.decision]
    return failed[0] if failed else ALLOW


def can_start(user: User, call: Call, now: datetime) -> Decision:
    """Eligible, and the call takes proposals at `now`. For buttons; actions check in turn."""
    return can_lead(user, call) and call_policy.takes_proposals(call, now)


def verdicts(user: User, call: Call, institution: Institution | None = None) -> list[Verdict]:
    """Each rule and whether it is met; for the institution where most are, unless one is given.

    Five queries at most.
    """
    named = Verdict(
        _("An active member institution has named you PI-eligible."),
        call_policy.can_apply_for(user, institution) if institution else call_policy.eligible(user),
    )
    rules = list(call.eligibility_rules.all())
    applicant = Applicant(user, institution)
    houses = applicant.houses if rules else []
    if not houses:
        return [named, *(_without_house(rule, call, applicant) for rule in rules)]
    judged = [[_verdict(rule, call, applicant, house) for rule in rules] for house in houses]
    best = max(judged, key=lambda found: sum(bool(v.decision) for v in found))
    return [named, *best]


def _without_house(rule: EligibilityRule, call: Call, applicant: Applicant) -> Verdict:
    found = _of_person(rule, applicant)
    if found is None:
        found = deny(_("This follows once your institution has named you PI-eligible."))
    return Verdict(words(rule, call), found)


def _verdict(
    rule: EligibilityRule, call: Call, applicant: Applicant, house: Institution
) -> Verdict:
    found = _of_person(rule, applicant)
    if found is None:
        found = _OF_HOUSE[Kind(rule.kind)](rule, call, applicant, house)
    return Verdict(words(rule, call), found)


def _of_person(rule: EligibilityRule, applicant: Applicant) -> Decision | None:
    """The decision where the rule asks nothing of the institution."""
    if rule.kind == Kind.SECOND_FACTOR:
        if applicant.has_second_factor:
            return ALLOW
        return deny(_("Add an authenticator app or a passkey under “Your account” first."))
    if rule.kind == Kind.NO_OVERDUE_REPORT:
        if not applicant.overdue:
            return ALLOW
        message = ngettext(
            "%(count)s report on your grants is overdue. Hand it in first.",
            "%(count)s reports on your grants are overdue. Hand them in first.",
            applicant.overdue,
        )
        return deny(message % {"count": applicant.overdue})
    return None


def _kind(
    rule: EligibilityRule, _call: Call, _applicant: Applicant, house: Institution
) -> Decision:
    if house.kind in rule.values:
        return ALLOW
    message = _("%(institution)s is of another kind: %(kind)s.")
    return deny(message % {"institution": house.name, "kind": house.get_kind_display()})


def _tier(
    rule: EligibilityRule, _call: Call, _applicant: Applicant, house: Institution
) -> Decision:
    if house.tier in rule.values:
        return ALLOW
    message = _("%(institution)s is of another tier: %(tier)s.")
    return deny(message % {"institution": house.name, "tier": house.get_tier_display()})


def _arm(rule: EligibilityRule, _call: Call, _applicant: Applicant, house: Institution) -> Decision:
    if house.arm in rule.values:
        return ALLOW
    message = _("%(institution)s belongs to the other arm: %(arm)s.")
    return deny(message % {"institution": house.name, "arm": house.get_arm_display()})


def _role(rule: EligibilityRule, _call: Call, applicant: Applicant, house: Institution) -> Decision:
    if applicant.roles_at(house) & set(rule.values):
        return ALLOW
    message = _("You hold none of these roles at %(institution)s. Ask its administrator.")
    return deny(message % {"institution": house.name})


def _contract(
    rule: EligibilityRule, call: Call, applicant: Applicant, house: Institution
) -> Decision:
    needed = contract_day(rule, call)
    until = applicant.until(house)
    if until is None or until >= needed:
        return ALLOW
    message = _(
        "Your affiliation with %(institution)s ends on %(until)s. Have it extended to "
        "%(needed)s or later."
    )
    values = {"institution": house.name, "until": until.isoformat(), "needed": needed.isoformat()}
    return deny(message % values)


_OF_HOUSE: dict[Kind, Callable[[EligibilityRule, Call, Applicant, Institution], Decision]] = {
    Kind.INSTITUTION_KIND: _kind,
    Kind.ROLE: _role,
    Kind.TIER: _tier,
    Kind.ARM: _arm,
    Kind.CONTRACT: _contract,
}


def contract_day(rule: EligibilityRule, call: Call) -> date:
    """Until when the lead's affiliation must last: some months after the award period."""
    end = call.awards_until or timezone.localdate(call.closes_at)
    return months_after(end, rule.months or 0)


def months_after(day: date, months: int) -> date:
    """The same day so many months later, or the month's last where it has no such day."""
    index = 12 * day.year + day.month - 1 + months
    year, month = index // 12, index % 12 + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def words(rule: EligibilityRule, call: Call) -> str:
    """The rule as a sentence, in the reader's language."""
    if rule.kind == Kind.CONTRACT:
        message = ngettext(
            "Your affiliation lasts at least %(months)s month past the end of the award period, "
            "that is until %(day)s.",
            "Your affiliation lasts at least %(months)s months past the end of the award period, "
            "that is until %(day)s.",
            rule.months or 0,
        )
        return message % {"months": rule.months, "day": contract_day(rule, call).isoformat()}
    sentences = {
        Kind.INSTITUTION_KIND: _("Your institution is one of: %(values)s."),
        Kind.ROLE: _("At your institution you are one of: %(values)s."),
        Kind.TIER: _("Your institution's membership is one of: %(values)s."),
        Kind.ARM: _("Your institution belongs to: %(values)s."),
        Kind.SECOND_FACTOR: _("You sign in with a second factor."),
        Kind.NO_OVERDUE_REPORT: _("No report on your grants is overdue."),
    }
    labels = ROLES.get(Kind(rule.kind), {})
    values = _(", ").join(str(labels.get(value, value)) for value in rule.values)
    return sentences[Kind(rule.kind)] % {"values": values}


def may_use(user: User, access_type: AccessType) -> Decision:
    """Whether the person may ask under this access type: it may need a benchmark award first."""
    if not access_type.needs_benchmark or has_benchmark(user):
        return ALLOW
    message = _(
        "“%(name)s” needs scaling evidence from a benchmark award of yours. Apply for a type "
        "that gives one first."
    )
    return deny(message % {"name": access_type.name})


def has_benchmark(user: User) -> bool:
    """Whether the person has led an award of a type that counts as a benchmark. One query."""
    return Allocation.objects.filter(
        proposal__lead=user, proposal__access_type__gives_benchmark=True
    ).exists()
