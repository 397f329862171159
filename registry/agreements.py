"""The licence agreement as one text in both languages, and its digest, which is signed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from django.template.loader import render_to_string
from django.utils import translation
from django.utils.formats import number_format
from django.utils.translation import gettext_lazy as _

from registry.models import FieldOfUse, Licence, LicenceTerms, RevenuePolicy

TEMPLATE = "licence-agreement-1"
FEN_PER_YUAN = 100

Show = Callable[[Any], str]


def _listed(value: list[str]) -> str:
    return ", ".join(value) if value else str(_("any"))


def _fields(value: list[str]) -> str:
    return ", ".join(str(FieldOfUse(item).label) for item in value)


def _yes_no(value: bool) -> str:
    return str(_("yes")) if value else str(_("no"))


def _yuan(value: int) -> str:
    whole, fen = divmod(value, FEN_PER_YUAN)
    return f"¥{number_format(whole, use_l10n=True, force_grouping=True)}.{fen:02d}"


def _percent(value: int) -> str:
    return f"{value // 100}.{value % 100:02d} %"


def _unlimited(value: int) -> str:
    return str(value) if value else str(_("unlimited"))


def _days(value: int) -> str:
    return str(_("%(days)s days") % {"days": value})


def _months(value: int) -> str:
    return str(_("%(months)s months") % {"months": value})


def _updates(value: str) -> str:
    labels = {
        "none": _("none: this version only"),
        "fixes": _("fixes of this version"),
        "all": _("all later versions"),
    }
    return str(labels.get(value, value))


def _meter_unit(value: str) -> str:
    labels = {
        "none": _("not metered"),
        "card_seconds": _("card-seconds"),
        "requests": _("requests"),
        "tokens": _("tokens"),
    }
    return str(labels.get(value, value))


def _meter_period(value: str) -> str:
    labels = {"month": _("each month"), "quarter": _("each quarter"), "year": _("each year")}
    return str(labels.get(value, value))


def _filing(value: str) -> str:
    return value or str(_("none"))


# In the order in which people read them; every term stands here once.
CLAUSES: tuple[tuple[str, Any, Show], ...] = (
    ("fields", _("Fields of use"), _fields),
    ("regions", _("Regions"), _listed),
    ("sites", _("Sites"), _listed),
    ("nodes", _("Nodes, at most"), str),
    ("cards", _("Accelerator cards, at most"), str),
    ("card_classes", _("Classes of cards"), _listed),
    ("concurrency", _("Instances at once"), _unlimited),
    ("hosts", _("Bound to hosts"), _listed),
    ("public_facing", _("Service to the public"), _yes_no),
    ("filing", _("Filing number"), _filing),
    ("finetune", _("Fine-tuning"), _yes_no),
    ("sublicense_depth", _("Levels of sublicences"), str),
    ("updates", _("Updates included"), _updates),
    ("months", _("Term"), _months),
    ("grace_days", _("Grace after the end"), _days),
    ("price_fen", _("Price for the term"), _yuan),
    ("royalty_basis_points", _("Royalty on income"), _percent),
    ("meter_unit", _("Metered in"), _meter_unit),
    ("meter_period", _("Reported"), _meter_period),
    ("status_days", _("Status list renewed within"), _days),
    ("status_grace_days", _("Grace for a missed renewal"), _days),
)


def clauses(terms: dict[str, Any]) -> list[tuple[str, str, str]]:
    """(name, label, value) of every term, in the reader's language."""
    return [(name, str(label), show(terms[name])) for name, label, show in CLAUSES]


def render(licence: Licence, revision: LicenceTerms, policy: RevenuePolicy) -> str:
    """The whole agreement: both languages from one template, ended by a line feed."""
    with translation.override("zh-hans"):
        chinese = clauses(revision.terms)
    with translation.override("en"):
        english = clauses(revision.terms)
    gate = licence.offering.gate
    context = {
        "template": TEMPLATE,
        "licence": licence,
        "revision": revision,
        "offering": licence.offering,
        "checkpoint": gate.checkpoint,
        "gate": gate,
        "policy": policy,
        "obligations": obligations(licence),
        "longest_delay": revision.terms["status_days"] + revision.terms["status_grace_days"],
        "clauses": [
            {"number": number, "en": en, "zh": zh}
            for number, (en, zh) in enumerate(zip(english, chinese, strict=True), 1)
        ],
    }
    return render_to_string("registry/agreement.txt", context).strip() + "\n"


def digest(document: str) -> str:
    return hashlib.sha256(document.encode()).hexdigest()


def obligations(licence: Licence) -> list[str]:
    """What the licence inherits from the models behind it."""
    ancestors = licence.offering.gate.snapshot.ancestors
    return [f"{row['relation']}: {row['checkpoint']} ({row['gate']})" for row in ancestors]
