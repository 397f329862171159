"""The steps of publishing, with their state, for the rail and the task list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from registry import release_checks
from registry.models import ResearchRelease

Progress = Literal["done", "current", "todo"]


@dataclass(frozen=True, slots=True)
class Step:
    """One step. href is empty where nothing can be done about it now."""

    label: str | Promise
    state: Progress
    href: str
    what: str | Promise


def publishing_steps(release: ResearchRelease) -> list[Step]:
    """Files, data, card, terms, checks, review: each done or not, the first open one current."""
    at = [release.model.lab.slug, release.model.slug]
    version = [*at, release.version]
    checkpoint = [*at, release.checkpoint.version]
    card = bool(release.card_en.strip() and release.card_zh.strip())
    data = list(release.checkpoint.data_sets.all())
    described = bool(data) and all(row.origin and row.licence for row in data)
    results = release_checks.read(release.checks)
    passed = bool(results) and not any(result.stops for result in results)
    sent = release.state not in ResearchRelease.OPEN
    rows = [
        (
            _("Files"),
            not release.checkpoint.format_problem,
            reverse("registry:checkpoint", args=checkpoint),
            _("Taken from the checkpoint; they never change after the release."),
        ),
        (
            _("Data"),
            described,
            reverse("registry:checkpoint_data", args=checkpoint),
            _("What it was trained on, with licence and origin."),
        ),
        (
            _("Model card"),
            card,
            reverse("registry:release_card", args=version),
            _("In both languages."),
        ),
        (
            _("Licence and audience"),
            bool(release.licence),
            reverse("registry:release_terms", args=version),
            _("Under which terms, for whom, how to cite."),
        ),
        (_("Checks"), passed, "", _("Run them below; each failure says what to do.")),
        (
            _("Check answers and publish"),
            sent,
            reverse("registry:release_submit", args=version) if passed and not sent else "",
            _("The R&D office decides."),
        ),
    ]
    first = next((i for i, row in enumerate(rows) if not row[1]), None)
    return [
        Step(label, "done" if done else "current" if i == first else "todo", href, what)
        for i, (label, done, href, what) in enumerate(rows)
    ]
