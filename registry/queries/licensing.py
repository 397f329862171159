"""What waits for somebody at the gate and in licences, and the licences one has."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Exists, OuterRef, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from consortium.inbox import AnyPart, Facts, Holding, Part, Task, named, read_together
from consortium.models import Affiliation, User, localized
from consortium.roles import Permission, has, standing
from registry.models import Contribution, GateConsent, Licence, TransferGate

Gate, State = TransferGate.State, Licence.State
MOST = 50
NUMBER = {"number": "number"}


def parts_for(user: User) -> Iterator[AnyPart]:
    """Transfers to decide on, answer and repair; terms to answer; agreements to sign; licences."""
    yield from _for_offices(user)
    yield _to_answer(user)
    repair = TransferGate.objects.filter(state=Gate.CHECKS, requested_by=user)
    yield Part(repair, NUMBER, _repair, MOST)
    yield from _to_negotiate(user)
    yield from _to_sign(user)
    mine = Licence.objects.filter(licensee_id__in=standing(user).institution_ids)
    house = {"name_en": "licensee__name_en", "name_zh": "licensee__name_zh"}
    facts = {**NUMBER, "state": "state", **named("offering__", "title"), **house}
    yield Part(mine, facts, _licence, MOST)


def tasks_for(user: User) -> list[Task]:
    """What of it waits. One query."""
    return [row for row in read_together(parts_for(user)) if isinstance(row, Task)]


def holdings_for(user: User) -> list[Holding]:
    """The licences of one's institutions. One query."""
    return [row for row in read_together(parts_for(user)) if isinstance(row, Holding)]


def _licence(row: Facts) -> Holding:
    return Holding(
        kind=_("licence"),
        number=row.number,
        title=localized(row, "title"),
        href=reverse("registry:licence", args=[row.number]),
        figure=localized(row, "name"),
        state=str(State(row.state).label),
    )


def _for_offices(user: User) -> Iterator[Part[Task]]:
    if has(user, Permission.GATE_APPROVE_RESEARCH):
        yield _gates(Gate.RESEARCH_REVIEW, "gate_research")
    if has(user, Permission.GATE_APPROVE_DEPLOYMENT):
        yield _gates(Gate.DEPLOYMENT_REVIEW, "gate_deployment")


def _gates(state: str, route: str) -> Part[Task]:
    def decide(row: Facts) -> Task:
        href = reverse(f"registry:{route}", args=[row.number])
        why = _("A technology transfer waits for your arm.")
        return Task(_("Decide"), row.number, href, why, tone="seal")

    return Part(TransferGate.objects.filter(state=state), NUMBER, decide, MOST)


def _to_answer(user: User) -> Part[Task]:
    """Consents that a delegate's institutions have not given."""
    given = GateConsent.objects.filter(
        gate=OuterRef("snapshot__gate"), institution=OuterRef("institution")
    )
    rows = Contribution.objects.filter(
        ~Exists(given),
        institution__in=standing(user).institutions_as(Affiliation.Role.DELEGATE),
        snapshot__gate__state=Gate.CONSENTING,
    )
    facts = {"number": "snapshot__gate__number", "institution": "institution__slug"}
    # One institution contributes in several kinds, and answers once.
    return Part(rows.order_by().distinct(), facts, _answer, MOST)


def _answer(row: Facts) -> Task:
    href = reverse("registry:gate_consent", args=[row.number, row.institution])
    why = _("Your institution contributed and has not answered.")
    return Task(_("Answer"), row.number, href, why, tone="seal")


def _repair(row: Facts) -> Task:
    href = reverse("registry:gate_restate", args=[row.number])
    return Task(_("Repair"), row.number, href, _("A check has failed."), tone="warn")


def _to_negotiate(user: User) -> Iterator[Part[Task]]:
    """By whose turn it is: the office's, or the licensee's."""
    mine = standing(user).institution_ids
    licences = Licence.objects.order_by("pk")
    if has(user, Permission.LICENCE_OFFER):
        rows = licences.filter(state__in=[State.REQUESTED, State.COUNTERED])
        yield Part(rows.exclude(licensee_id__in=mine), NUMBER, _asked, MOST)
    offered = licences.filter(state=State.OFFERED, licensee_id__in=mine)
    yield Part(offered, NUMBER, _offered, MOST)


def _asked(row: Facts) -> Task:
    why = _("An enterprise waits for the deployment office's answer.")
    return Task(_("Answer"), row.number, _address(row), why)


def _offered(row: Facts) -> Task:
    why = _("The deployment office has offered terms.")
    return Task(_("Accept or counter"), row.number, _address(row), why)


def _address(row: Facts) -> str:
    return reverse("registry:licence", args=[row.number])


def _to_sign(user: User) -> Iterator[Part[Task]]:
    agreed = Licence.objects.filter(state=State.AGREED).order_by("pk")
    speaks_for = standing(user).institutions_as(Affiliation.Role.DELEGATE)
    yield _unsigned(agreed.filter(licensee_id__in=speaks_for), "licensee", user)
    if has(user, Permission.LICENCE_OFFER):
        others = agreed.exclude(licensee_id__in=standing(user).institution_ids)
        yield _unsigned(others, "licensor", user)


def _unsigned(rows: QuerySet[Licence], side: str, user: User) -> Part[Task]:
    left = rows.exclude(signatures__side=side).exclude(signatures__by=user)
    return Part(left, NUMBER, _sign, MOST)


def _sign(row: Facts) -> Task:
    href = reverse("registry:licence_sign", args=[row.number])
    why = _("The terms are agreed; your side has not signed.")
    return Task(_("Sign"), row.number, href, why, tone="seal")
