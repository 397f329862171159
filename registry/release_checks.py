"""What each check of a release is called, and what it says when it fails.

The checks themselves run in registry.actions.checking; their results are stored as codes and
values, so that every reader has them in their own language.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Result:
    """One check's outcome. advice: worth doing, but does not stop the release."""

    code: str
    ok: bool
    advice: bool = False
    values: Mapping[str, str] = field(default_factory=dict)

    @property
    def stops(self) -> bool:
        return not self.ok and not self.advice

    @property
    def title(self) -> str:
        return str(TITLES[self.code])

    @property
    def message(self) -> str:
        """What to do; empty when the check passed."""
        return "" if self.ok else str(FAILURES[self.code]) % self.values

    def stored(self) -> dict[str, Any]:
        return asdict(self)


def read(stored: Iterable[Mapping[str, Any]]) -> list[Result]:
    """The results as they were stored with a release."""
    return [
        Result(row["code"], bool(row["ok"]), bool(row["advice"]), row.get("values", {}))
        for row in stored
        if row.get("code") in TITLES
    ]


TITLES: dict[str, str | Promise] = {
    "weights": _("The weights are safetensors or GGUF"),
    "store": _("Every file is in the store, whole"),
    "secrets": _("No keys or passwords in the files"),
    "card_en": _("The model card is written in English"),
    "card_zh": _("The model card is written in Chinese"),
    "licence": _("The licence is known"),
    "lineage": _("The licence agrees with those of its ancestors"),
    "data": _("The training data are named, with licence and origin"),
    "audience": _("The audience is named"),
    "citation": _("It says how to be cited"),
    "allocation": _("It says under which allocation it was trained"),
    "energy": _("The energy its training used is known"),
    "file_size": _("No file is larger than clients take"),
}
FAILURES: dict[str, str | Promise] = {
    "weights": _("%(problem)s Save the weights as safetensors, then register a new version."),
    "store": _("%(path)s is missing from the store or has another size. Log the model again."),
    "secrets": _("%(path)s seems to hold a key or a password. Remove it and register again."),
    "card_en": _("Write at least %(least)s characters: what it is for, and what it is not."),
    "card_zh": _("Write at least %(least)s characters: what it is for, and what it is not."),
    "licence": _("“%(licence)s” is no SPDX licence expression. Choose one, or the consortium's."),
    "lineage": _("%(parent)s is under %(licence)s, which does not allow this licence."),
    "data": _("“%(name)s” lacks its licence or its origin. Add them under Data."),
    "audience": _("Name at least one institution, or choose another audience."),
    "citation": _("Add a citation, so that those who use it can credit you."),
    "allocation": _("Set the run tag portal.allocation before you register, if one was used."),
    "energy": _("Name the jobs in the run tag portal.jobs; their records say what was used."),
    "file_size": _("%(path)s is larger than 50 GB, which hub clients refuse. Shard it."),
}
