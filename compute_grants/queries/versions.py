"""What was handed in, version by version, and what changed between two."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from compute_grants.models import Proposal, SectionName, Submission

TEXT_LABELS = {
    "title_en": gettext_lazy("Title in English"),
    "title_zh": gettext_lazy("Title in Chinese"),
    "summary": gettext_lazy("Summary"),
    "science_case": SectionName.SCIENCE.label,
    "software": SectionName.SOFTWARE.label,
    "data_ethics": SectionName.DATA.label,
    "energy": SectionName.ENERGY.label,
    "access_type": gettext_lazy("Kind of access"),
}
HOUR = 3600


@dataclass(frozen=True, slots=True)
class Field:
    """One thing of a proposal in two versions; empty where it is not there."""

    label: str
    before: str
    after: str

    @property
    def changed(self) -> bool:
        return self.before != self.after


def submissions_of(proposal: Proposal) -> list[Submission]:
    """Newest first. One query."""
    return list(proposal.submissions.select_related("submitted_by"))


def compare(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Field]:
    """Every field of two contents (queries.proposal_content.content), changed or not."""
    old, new = dict(_fields(before)), dict(_fields(after))
    return [Field(label, old.get(label, ""), new.get(label, "")) for label in {**old, **new}]


def _fields(content: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, text_label in TEXT_LABELS.items():
        yield str(text_label), str(content.get(name, ""))
    for row in content.get("requests", []):
        facts = {"machine": row["machine"], "tres": row["tres"]}
        yield _("Time on %(machine)s (%(tres)s)") % facts, _request(row)
    for row in content.get("team", []):
        yield _("Team: %(email)s") % {"email": row["email"]}, f"{row['name']}, {row['role']}"
    for row in content.get("scaling", []):
        label = _("Scaling on %(machine)s, %(precision)s, width %(width)s")
        yield label % row, f"{row['milliseconds'] / 1000:g} s"
    for row in content.get("attachments", []):
        yield _("File %(name)s") % {"name": row["name"]}, row["sha256"]


def _request(row: Mapping[str, Any]) -> str:
    parts = [f"{row['seconds'] / HOUR:,.0f} h", row["precision"], f"× {row['cards']:,}"]
    if row.get("runs"):
        parts.append(f"{row['runs']:,} × {(row.get('run_seconds') or 0) / HOUR:,.1f} h")
    return "; ".join([*parts, row["justification"]])
