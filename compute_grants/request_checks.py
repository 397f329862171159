"""Whether what a proposal asks on one resource adds up and fits. Pure: no database.

Each check looks at one thing and returns a Check, or None where it has nothing to go by. Memory
is that of one card (of one core where time is counted in cores); peaks are of one card, of one
node where there are none; energy is the whole machine's power, shared by all its cards or cores.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from django.db.models import TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from compute_grants.grid import JOULES_PER_KWH, GridFactor

HOUR, DAY = 3600, 86_400
YEAR = 365 * DAY
LONG = 180 * DAY  # at full width all the time: more than half a year deserves a look
TOLERANCE = 0.1
SMALL_SHARE = 8  # a job as wide as an eighth of the machine waits long for its turn
SUPERSCRIPTS = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
GIGA = 10**9


class Level(TextChoices):
    OK = "ok", gettext_lazy("in order")
    WARN = "warn", gettext_lazy("look again")
    ERROR = "error", gettext_lazy("does not fit")


@dataclass(frozen=True, slots=True)
class Check:
    """One finding: `code` names the check, `numbers` are what it was computed from."""

    code: str
    level: Level
    message: str
    numbers: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Part:
    """A partition. Memory in bytes; max_nodes None: all of them; peaks in gigaflop/s."""

    nodes: int
    cards_per_node: int
    cores_per_node: int
    node_memory: int
    card_memory: int | None
    max_wall_seconds: int
    max_nodes: int | None
    peaks: Mapping[str, int]

    def units_per_node(self, on_cards: bool) -> int:
        return self.cards_per_node if on_cards else self.cores_per_node

    def widest(self, on_cards: bool) -> int:
        """Cards or cores of the widest job it takes."""
        return min(self.nodes, self.max_nodes or self.nodes) * self.units_per_node(on_cards)

    def memory_per_unit(self, on_cards: bool) -> int:
        if on_cards and self.card_memory:
            return self.card_memory
        return self.node_memory // max(1, self.units_per_node(on_cards))

    def peak_per_unit(self, precision: str, on_cards: bool) -> float:
        """Gigaflop/s of one card or core; 0 where none is stated."""
        peak = self.peaks.get(precision, 0)
        if on_cards:
            return peak
        return peak * max(1, self.cards_per_node) / max(1, self.cores_per_node)


@dataclass(frozen=True, slots=True)
class Site:
    """The machine as a resource sees it: only parts that have what time is counted in."""

    name: str
    on_cards: bool
    units: int
    power_watts: int
    parts: tuple[Part, ...]

    def joules(self, seconds: int) -> int:
        """Energy of so many card- or core-seconds; 0 where the power is not known."""
        return seconds * self.power_watts // self.units if self.units else 0

    def peak(self, precision: str) -> float:
        return max((p.peak_per_unit(precision, self.on_cards) for p in self.parts), default=0)

    def memory(self) -> int:
        return max((p.memory_per_unit(self.on_cards) for p in self.parts), default=0)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked. `seconds` of all cards together; the rest where it is stated."""

    seconds: int
    width: int
    precision: str
    runs: int | None = None
    run_seconds: int | None = None
    memory: int | None = None


def arithmetic(wanted: Wanted, _site: Site) -> Check | None:
    """Runs x width x hours of one run against the hours asked."""
    if not wanted.runs or not wanted.run_seconds:
        message = _(
            "State the number of runs and the hours of one, so that the sum can be checked."
        )
        return Check("arithmetic", Level.WARN, message)
    product = wanted.runs * wanted.width * wanted.run_seconds
    facts = {
        "runs": f"{wanted.runs:,}",
        "width": f"{wanted.width:,}",
        "hours": f"{wanted.run_seconds / HOUR:,.1f}",
        "product": f"{product / HOUR:,.0f}",
        "asked": f"{wanted.seconds / HOUR:,.0f}",
    }
    numbers = {"product_seconds": product, "asked_seconds": wanted.seconds}
    if abs(product - wanted.seconds) <= TOLERANCE * wanted.seconds:
        message = _("%(runs)s runs × %(width)s × %(hours)s h = %(product)s h, as asked.")
        return Check("arithmetic", Level.OK, message % facts, numbers)
    message = _(
        "%(runs)s runs × %(width)s × %(hours)s h = %(product)s h, but %(asked)s h are asked."
    )
    return Check("arithmetic", Level.WARN, message % facts, numbers)


def length(wanted: Wanted, _site: Site) -> Check:
    """How long all of it takes at this width without a pause."""
    seconds = wanted.seconds / max(1, wanted.width)
    message = _("At this width all of it runs for %(days)s days.")
    level = Level.ERROR if seconds > YEAR else Level.WARN if seconds > LONG else Level.OK
    text = message % {"days": f"{seconds / DAY:,.1f}"}
    return Check("length", level, text, {"seconds": seconds})


def width(wanted: Wanted, site: Site) -> Check | None:
    """The width against the widest job that one partition takes."""
    widest = max((part.widest(site.on_cards) for part in site.parts), default=0)
    if not widest:
        return None
    facts = {"width": f"{wanted.width:,}", "widest": f"{widest:,}"}
    numbers = {"width": wanted.width, "widest": widest}
    if wanted.width > widest:
        message = _("%(width)s at once are asked; the widest job there has %(widest)s.")
        return Check("width", Level.ERROR, message % facts, numbers)
    if wanted.width * SMALL_SHARE > site.units:
        message = _("%(width)s at once wait for a large free block; at most %(widest)s can be had.")
        return Check("width", Level.WARN, message % facts, numbers)
    message = _("%(width)s at once of at most %(widest)s.")
    return Check("width", Level.OK, message % facts, numbers)


def wall_time(wanted: Wanted, site: Site) -> Check | None:
    """One run against the longest wall time of the partitions that are wide enough."""
    walls = [p.max_wall_seconds for p in site.parts if p.widest(site.on_cards) >= wanted.width]
    if not wanted.run_seconds or not walls:
        return None
    facts = {"hours": f"{wanted.run_seconds / HOUR:,.1f}", "most": f"{max(walls) / HOUR:,.1f}"}
    numbers = {"run_seconds": wanted.run_seconds, "most_seconds": max(walls)}
    if wanted.run_seconds > max(walls):
        message = _(
            "One run takes %(hours)s h; a job may take %(most)s h. Restart from checkpoints."
        )
        return Check("wall_time", Level.WARN, message % facts, numbers)
    message = _("One run takes %(hours)s h of at most %(most)s h.")
    return Check("wall_time", Level.OK, message % facts, numbers)


def memory(wanted: Wanted, site: Site) -> Check | None:
    """The memory that one card or core needs against the most there is for one."""
    if not wanted.memory or not site.parts:
        return None
    there = site.memory()
    facts = {"wanted": f"{wanted.memory / GIGA:,.1f}", "there": f"{there / GIGA:,.1f}"}
    numbers = {"wanted_bytes": wanted.memory, "there_bytes": there}
    if wanted.memory > there:
        message = _(
            "%(wanted)s GB are needed for each, and there are %(there)s GB. Split the model wider, "
            "or choose a machine with more memory."
        )
        return Check("memory", Level.ERROR, message % facts, numbers)
    message = _("%(wanted)s GB of %(there)s GB for each.")
    return Check("memory", Level.OK, message % facts, numbers)


def peak(wanted: Wanted, site: Site) -> Check:
    """The peak at the precision, and the work that the time could do at that peak."""
    rate = site.peak(wanted.precision)
    facts = {"precision": wanted.precision, "machine": site.name}
    if not rate:
        message = _("%(machine)s states no peak at %(precision)s. Choose another precision.")
        return Check("peak", Level.ERROR, message % facts)
    work = rate * GIGA * wanted.seconds
    facts |= {"rate": f"{rate / 1000:,.1f}", "work": _power_of_ten(work)}
    message = _("%(rate)s TFLOP/s each at %(precision)s: at most %(work)s operations in all.")
    numbers = {"gigaflops": rate, "operations": work}
    return Check("peak", Level.OK, message % facts, numbers)


def _power_of_ten(number: float) -> str:
    """Three figures and a power of ten, as people write it: 1.15×10²⁰."""
    mantissa, exponent = f"{number:.2e}".split("e")
    return f"{mantissa}×10{str(int(exponent)).translate(SUPERSCRIPTS)}"


def energy(wanted: Wanted, site: Site, factor: GridFactor) -> Check | None:
    """Energy and CO2e of the whole request, from the machine's power and the grid's factor."""
    joules = site.joules(wanted.seconds)
    if not joules:
        return None
    kwh = joules / JOULES_PER_KWH
    kilograms = kwh * factor.grams_per_kwh / 1000
    facts = {
        "kwh": f"{kwh:,.0f}",
        "kilograms": f"{kilograms:,.0f}",
        "grams": f"{factor.grams_per_kwh:g}",
        "year": factor.year,
    }
    message = _(
        "About %(kwh)s kWh and %(kilograms)s kg CO₂e, at %(grams)s g/kWh (grid of %(year)s)."
    )
    numbers = {"joules": joules, "grams": round(kilograms * 1000)}
    return Check("energy", Level.OK, message % facts, numbers)


def offered(wanted: Wanted, left: int | None) -> Check | None:
    """The hours asked against those the call has left there; None: not known yet."""
    if left is None:
        return None
    facts = {"asked": f"{wanted.seconds // HOUR:,}", "left": f"{left // HOUR:,}"}
    numbers = {"asked_seconds": wanted.seconds, "left_seconds": left}
    if wanted.seconds > left:
        message = _("%(asked)s h are asked, and the call has %(left)s h left there.")
        return Check("offered", Level.WARN, message % facts, numbers)
    message = _("%(asked)s h of %(left)s h that the call has left there.")
    return Check("offered", Level.OK, message % facts, numbers)


def all_checks(
    wanted: Wanted, site: Site, *, left: int | None, factor: GridFactor
) -> Iterator[Check]:
    """Every check that has something to go by, in the order in which they are shown."""
    found = [
        *(each(wanted, site) for each in (arithmetic, length, width, wall_time, memory, peak)),
        offered(wanted, left),
        energy(wanted, site, factor),
    ]
    return (check for check in found if check is not None)
