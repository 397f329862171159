"""Step 5, page by page: a checkpoint is described, checked, published, decided and read."""

from __future__ import annotations

from registry.models import RESEARCH_LICENCE, Checkpoint
from tests.factories import allocations
from tests.factories import licensing as deals
from tests.factories import registry as make
from tests.factories.consortium import InstitutionFactory
from tests.scenarios.desk import Desk

WEIGHTS = "artifacts/model.safetensors"


def trained_checkpoint() -> Checkpoint:
    """Trained under a grant, on data of a third institution: three parties contributed."""
    allocation = allocations.active()
    made = make.checkpoint(make.lab(), allocation=allocation)
    deals.run(made, allocation, card_seconds=7_200)
    deals.trained_on(made, InstitutionFactory.create())
    return made


def begin(desk: Desk, checkpoint: Checkpoint, version: str) -> None:
    desk.open(checkpoint.model.get_absolute_url())
    desk.follow(str(checkpoint.version), written=True)
    desk.follow("Begin a release")
    desk.write("Version", version)
    desk.press("Begin")
    desk.reads("Publish a release")


def prepare(desk: Desk) -> None:
    """The task list's open steps: the card in both languages, terms, checks."""
    desk.follow("Model card")
    desk.write("Model card in English", make.CARD_EN)
    desk.write("Model card in Chinese", make.CARD_ZH)
    desk.press("Save and continue")
    desk.follow("Licence and audience")
    desk.write("Licence", RESEARCH_LICENCE)
    desk.choose("members of the consortium", within="Who may see and download it")
    desk.write("Citation", "Vision Lab, 2026.")
    desk.press("Save and continue")
    desk.press("Run the checks")
    desk.sees("Every check passed. Check your answers, then publish.")


def publish(desk: Desk) -> str:
    """Check answers and publish. Returns the address of the release."""
    last_step = desk.main.get_by_role("row").filter(has_text=desk.say("The R&D office decides."))
    desk.go(last_step.get_by_role("link", name=desk.say("Check answers and publish"), exact=True))
    desk.reads("Check your answers")
    desk.sees(make.CARD_ZH[:20], written=True)
    desk.press("Publish: send to review")
    desk.sees("Sent to the R&D office. You are told when it is decided.")
    return desk.page.url


def approve(desk: Desk, number: str) -> None:
    desk.take_up("Decide", number)
    desk.choose("Release it", within="Decision")
    desk.write("Note to the lab", "Complete.")
    desk.press("Record the decision")
    desk.sees("The decision was recorded.")


def download(desk: Desk, address: str, path: str = WEIGHTS) -> bytes:
    """From the release's page to one of its files."""
    desk.open(address)
    desk.follow("Get the files")
    return desk.download(path, written=True)
