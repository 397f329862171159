"""What the portal itself can say on the lines of a technical review's checklist."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _

from compute_grants.models import Partition, PeakRate, ResourceRequest, TechnicalCheck

Item = TechnicalCheck.Item
Result = TechnicalCheck.Result
HOUR = 3600
LONG_DAYS = 180  # at full width all the time: more than half a year deserves a look
SMALL_SHARE = 8  # a job as wide as an eighth of the machine waits long for its turn


@dataclass(frozen=True, slots=True)
class Found:
    """One finding of the portal's own, with its figures in the reader's language."""

    result: TechnicalCheck.Result
    note: str


def found_by_portal(request: ResourceRequest) -> dict[TechnicalCheck.Item, Found]:
    """By line of the checklist, where the portal knows enough to say anything. Two queries.

    Expects resource.machine loaded. The centre confirms or overrules each.
    """
    parts = list(Partition.objects.filter(machine=request.resource.machine_id))
    return dict(
        [
            (Item.JOB_SIZE, _job_size(request)),
            (Item.ARITHMETIC, _arithmetic(request)),
            (Item.PRECISION, _precision(request)),
            *_memory(request, parts),
        ]
    )


def _job_size(request: ResourceRequest) -> Found:
    resource = request.resource
    cards = resource.tres == resource.Tres.CARDS
    width = resource.machine.cards if cards else resource.machine.cores
    facts = {"asked": f"{request.cards:,}", "width": f"{width:,}"}
    if request.cards > width:
        return Found(
            Result.FAIL, _("%(asked)s at once are asked; the machine has %(width)s.") % facts
        )
    if request.cards * SMALL_SHARE > width:
        return Found(
            Result.CONCERN,
            _("%(asked)s of %(width)s at once: such jobs wait for a large free block.") % facts,
        )
    return Found(Result.OK, _("%(asked)s of %(width)s at once.") % facts)


def _arithmetic(request: ResourceRequest) -> Found:
    days = request.seconds / max(1, request.cards) / 86_400
    facts = {
        "hours": f"{request.seconds // HOUR:,}",
        "cards": f"{request.cards:,}",
        "days": f"{days:,.1f}",
    }
    text = _("%(hours)s hours at %(cards)s at once are %(days)s days of running.") % facts
    return Found(Result.CONCERN if days > LONG_DAYS else Result.OK, text)


def _precision(request: ResourceRequest) -> Found:
    rows = PeakRate.objects.filter(partition__machine=request.resource.machine_id)
    stated = dict(rows.order_by("gigaflops").values_list("precision", "gigaflops"))
    if request.precision not in stated:
        others = ", ".join(sorted(stated)) or "–"
        message = _("The machine states no peak at %(precision)s; it offers %(others)s.")
        return Found(Result.FAIL, message % {"precision": request.precision, "others": others})
    message = _("The machine states a peak at %(precision)s.")
    return Found(Result.OK, message % {"precision": request.precision})


def _memory(
    request: ResourceRequest, parts: list[Partition]
) -> Iterator[tuple[TechnicalCheck.Item, Found]]:
    """Only where the request states what it holds in memory."""
    wanted = getattr(request, "memory_bytes", None)
    if not wanted or not parts:
        return
    largest = max(parts, key=lambda part: part.memory_bytes_per_node)
    per_node = largest.accelerators_per_node or 1
    facts = {
        "wanted": f"{wanted * per_node / 10**9:,.0f}",
        "there": f"{largest.memory_bytes_per_node / 10**9:,.0f}",
    }
    text = _("%(wanted)s GB a node are wanted; the largest nodes have %(there)s GB.") % facts
    fits = wanted * per_node <= largest.memory_bytes_per_node
    yield Item.MEMORY, Found(Result.OK if fits else Result.FAIL, text)
