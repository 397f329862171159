"""Progress reports of the demo's grants, what became of each, and what came of the grants."""

from typing import NamedTuple

from compute_grants.actions.outputs import Author, Work


class ReportRow(NamedTuple):
    """One grant's progress report. Days are counted from today; negative is the past.

    reaches: accepted, submitted, returned, writing, or due for one that is late. extended: the
    day to which the office moved the due date.
    """

    grant: str
    reaches: str
    achievements: str
    deviations: str = "None so far."
    extended: int | None = None
    outputs: tuple[Work, ...] = ()


COMPUTE_USE = (
    "Most hours went into training; about a tenth into evaluation and into ablations at small "
    "width. Failed jobs were restarted from checkpoints."
)
ENERGY_NOTE = "Runs that did not improve were stopped early; nothing was trained twice."

REPORTS = (
    ReportRow(
        "Root model at thirty billion parameters",
        "accepted",
        "Training reached two thirds of the planned tokens with a stable loss. Evaluation on "
        "held-out text of both languages is as the proposal foresaw.",
        outputs=(
            Work(
                kind="preprint",
                title="Training an open root model on domestic accelerators",
                year=2026,
                authors=(Author("Zhou Min", "0000-0002-1825-0097"), Author("Fan Kaiwen")),
                doi="10.5555/root.2026.01",
            ),
            Work(
                kind="dataset",
                title="Order and provenance of the root model's training data",
                year=2026,
                authors=(Author("Zhou Min"),),
                doi="10.5555/root.2026.02",
                licence="CC-BY-4.0",
            ),
        ),
    ),
    ReportRow(
        "Kernel library for the training campaign",
        "submitted",
        "Attention and mixture kernels run at 61 % of peak, up from 38 %. The library is used "
        "by the root model's campaign.",
        extended=-3,
        outputs=(
            Work(
                kind="software",
                title="Kernels for mixture layers, version 0.4",
                year=2026,
                authors=(Author("Cheng Yu"),),
                url="https://code.example/kernels",
                licence="Apache-2.0",
            ),
        ),
    ),
    ReportRow(
        "Tokeniser and data order for the root model",
        "writing",
        "The tokeniser is fixed; of nine ablations of the data order seven have ended.",
        extended=12,
    ),
    ReportRow(
        "Regional weather model at 3 km",
        "accepted",
        "Forecasts of heavy rain beat the operational model by nine hours of lead time over "
        "one season of hindcasts.",
        "The ensemble has 20 members instead of 30: memory per card did not allow more.",
        outputs=(
            Work(
                kind="article",
                title="Kilometre-scale rain forecasts from a fine-tuned root model",
                year=2026,
                authors=(Author("Tang Yuhe"), Author("A. Novák")),
                venue="Journal of Open Forecasting",
                doi="10.5555/jof.2026.117",
            ),
        ),
    ),
    ReportRow(
        "Battery electrolytes from first principles",
        "accepted",
        "Forty thousand molecules were screened; twelve candidates are being synthesised.",
    ),
    ReportRow(
        "Power grid dispatch model",
        "returned",
        "Dispatch plans for three provinces were compared with those of the operators.",
    ),
    ReportRow("Chest imaging model", "due", "", extended=-3),
)
RETURNED = "State how the plans were checked against the limits of the lines."
