"""What waits for somebody at the gate and in licences, and the licences one has."""

from __future__ import annotations

from collections.abc import Iterator

from django.urls import reverse
from django.utils.translation import gettext as _

from consortium.inbox import Holding, Task
from consortium.models import Affiliation, Institution, User
from consortium.roles import Permission, has, standing
from registry.models import Licence, TransferGate

Gate, State = TransferGate.State, Licence.State
MOST = 50


def tasks_for(user: User) -> list[Task]:
    """Transfers to decide on, answer and repair; terms to answer; agreements to sign."""
    return [*_for_offices(user), *_to_answer(user), *_to_repair(user), *_to_negotiate(user)]


def holdings_for(user: User) -> list[Holding]:
    """The licences of one's institutions."""
    mine = Licence.objects.filter(licensee_id__in=standing(user).institution_ids)
    return [
        Holding(
            kind=_("licence"),
            number=licence.number,
            title=licence.offering.title,
            href=licence.get_absolute_url(),
            figure=licence.licensee.name,
            state=licence.get_state_display(),
        )
        for licence in mine.select_related("offering", "licensee")[:MOST]
    ]


def _for_offices(user: User) -> Iterator[Task]:
    turns = (
        (Permission.GATE_APPROVE_RESEARCH, Gate.RESEARCH_REVIEW, "gate_research"),
        (Permission.GATE_APPROVE_DEPLOYMENT, Gate.DEPLOYMENT_REVIEW, "gate_deployment"),
    )
    for permission, state, route in turns:
        if has(user, permission):
            for gate in TransferGate.objects.filter(state=state)[:MOST]:
                href = reverse(f"registry:{route}", args=[gate.number])
                why = _("A technology transfer waits for your arm.")
                yield Task(_("Decide"), gate.number, href, why, tone="seal")


def _to_answer(user: User) -> Iterator[Task]:
    """Consents that a delegate's institutions have not given."""
    speaks_for = standing(user).institutions_as(Affiliation.Role.DELEGATE)
    gates = TransferGate.objects.filter(
        state=Gate.CONSENTING, snapshot__contributions__institution__in=speaks_for
    ).distinct()
    for gate in gates[:MOST]:
        awaited = Institution.objects.filter(
            pk__in=speaks_for, contributions__snapshot__gate=gate
        ).exclude(pk__in=gate.consents.values("institution"))
        for institution in awaited.distinct():
            href = reverse("registry:gate_consent", args=[gate.number, institution.slug])
            why = _("Your institution contributed and has not answered.")
            yield Task(_("Answer"), gate.number, href, why, tone="seal")


def _to_repair(user: User) -> Iterator[Task]:
    rows = TransferGate.objects.filter(state=Gate.CHECKS, requested_by=user)
    for gate in rows[:MOST]:
        href = reverse("registry:gate_restate", args=[gate.number])
        yield Task(_("Repair"), gate.number, href, _("A check has failed."), tone="warn")


def _to_negotiate(user: User) -> Iterator[Task]:
    """By whose turn it is: the office's, or the licensee's."""
    mine = standing(user).institution_ids
    licences = Licence.objects.select_related("offering").order_by("pk")
    if has(user, Permission.LICENCE_OFFER):
        rows = licences.filter(state__in=[State.REQUESTED, State.COUNTERED])
        for licence in rows.exclude(licensee_id__in=mine)[:MOST]:
            why = _("An enterprise waits for the deployment office's answer.")
            yield Task(_("Answer"), licence.number, licence.get_absolute_url(), why)
    for licence in licences.filter(state=State.OFFERED, licensee_id__in=mine)[:MOST]:
        why = _("The deployment office has offered terms.")
        yield Task(_("Accept or counter"), licence.number, licence.get_absolute_url(), why)
    yield from _to_sign(user)


def _to_sign(user: User) -> Iterator[Task]:
    agreed = Licence.objects.filter(state=State.AGREED).order_by("pk")
    speaks_for = standing(user).institutions_as(Affiliation.Role.DELEGATE)
    sides = [("licensee", agreed.filter(licensee_id__in=speaks_for))]
    if has(user, Permission.LICENCE_OFFER):
        others = agreed.exclude(licensee_id__in=standing(user).institution_ids)
        sides.append(("licensor", others))
    for side, rows in sides:
        for licence in rows.exclude(signatures__side=side).exclude(signatures__by=user)[:MOST]:
            href = reverse("registry:licence_sign", args=[licence.number])
            why = _("The terms are agreed; your side has not signed.")
            yield Task(_("Sign"), licence.number, href, why, tone="seal")
