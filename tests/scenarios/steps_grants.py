"""Step 2, page by page: a proposal is written, judged, ranked and awarded."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from compute_grants.models import Call, Criterion, TechnicalCheck
from consortium.models import User
from tests.factories import compute_grants as make
from tests.factories.consortium import principal, research_officer, reviewer
from tests.scenarios.desk import Desk

HASH_LENGTH = 64
SCIENCE = "It shows the whole chain on data that anybody can check."


@dataclass
class Round:
    """An open rolling call on a machine, and everybody who has a say in it."""

    judge: User = field(default_factory=lambda: reviewer(panellist=True))
    second: User = field(default_factory=lambda: reviewer(panellist=True))
    lead: User = field(default_factory=principal)
    office: User = field(default_factory=research_officer)
    reviewers: list[User] = field(default_factory=lambda: [reviewer(), reviewer()])

    def __post_init__(self) -> None:
        self.call: Call = make.call_with(hours=5_000, rolling=True, panel=[self.judge, self.second])
        self.resource = self.call.budgets.get().resource
        self.operator = make.operator_of(self.resource.machine.centre)

    @property
    def criteria(self) -> list[Criterion]:
        return list(self.call.criteria.all())


def start(desk: Desk, call: Call) -> None:
    desk.open("/calls/")
    desk.follow(desk.name(call, "title"), written=True)
    desk.follow("Start a proposal")
    desk.write("Title in English", "Reading handwritten digits")
    desk.write("Title in Chinese", "手写数字识别")
    desk.press("Start")


def write(desk: Desk, resource_pk: int, hours: int) -> None:
    """Every section, in the order in which the editor leads through them."""
    desk.write("Summary", "A small network on a public data set.")
    desk.press("Save and continue")
    desk.write("Science case", SCIENCE)
    desk.press("Save and continue")
    desk.select("Machine", str(resource_pk))
    desk.select("Precision", "BF16")
    desk.write("Hours", str(hours))
    desk.write("Cards or cores at once", "8")
    desk.write("How you arrived at this", "Eight cards for ten days, by the pilot run.")
    desk.press("Save")
    desk.sees(f"{hours:,}", written=True)
    desk.follow("Continue to the next section")
    desk.write("Software", "PyTorch, under a BSD licence.")
    desk.press("Save and continue")
    desk.write("Data and ethics", "Public data under an open licence; no personal data.")
    desk.press("Save and continue")
    desk.write("How you save energy", "Runs that do not improve are stopped early.")
    desk.press("Save and continue")
    desk.follow("Continue to the next section")
    desk.follow("Continue to the next section")


def submit(desk: Desk) -> str:
    """Check, submit, and read the receipt. Returns the proposal's number."""
    desk.reads("Check and submit")
    desk.press("Submit")
    desk.reads("Your proposal is in")
    fingerprint = desk.fact("Fingerprint of the content (SHA-256)").strip()
    assert len(fingerprint) == HASH_LENGTH and int(fingerprint, 16)
    return desk.fact("Number").strip()


def send_to_centres(desk: Desk, number: str) -> None:
    desk.take_up("Check", number)
    desk.press("Complete: send to the centres")


def find_feasible(desk: Desk, number: str) -> None:
    desk.take_up("Judge feasibility", number)
    in_order = desk.main.locator(f"[type=radio][value={TechnicalCheck.Result.OK}]").all()
    assert len(in_order) == len(TechnicalCheck.Item)
    for line in in_order:
        line.check()
    desk.choose("feasible", within="Verdict")
    desk.write("Reason", "It fits one node.")
    desk.press("Record the verdict")


def invite(desk: Desk, number: str, people: list[User]) -> None:
    desk.take_up("Assign reviewers", number)
    for person in people:
        desk.select("Reviewer", str(person.pk))
        desk.press("Invite")
        desk.sees(desk.name(person), written=True)


def review(desk: Desk, number: str, criteria: list[Criterion], score: int) -> None:
    """No conflict first; only then the text, and a score with a reason for each criterion."""
    declare(desk, number)
    score_each(desk, criteria, score)
    hand_in(desk)


def declare(desk: Desk, number: str) -> None:
    """Without a conflict: nothing of the text is shown before."""
    desk.take_up("Answer", number)
    assert SCIENCE not in desk.main.inner_text()
    desk.choose(
        "No. I have none of these, and I keep what I read to myself.",
        within="Do you have a conflict of interest?",
    )
    desk.press("Declare")
    desk.sees(SCIENCE, written=True)


def score_each(desk: Desk, criteria: list[Criterion], score: int) -> None:
    for criterion in criteria:
        group = desk.main.get_by_role("group", name=desk.name(criterion), exact=True)
        group.get_by_role("radio", name=re.compile(f"^{score} ")).check()
    reasons = desk.field("Reason for this score")
    for place in range(len(criteria)):
        reasons.nth(place).fill("As the pilot run shows.")
    desk.write("Comment", "Clear and complete.")


def hand_in(desk: Desk) -> None:
    desk.press("Submit the review")
    desk.sees("Your review is in. Below are all reviews of this proposal that are in.")


def decide(desk: Desk, call: Call, number: str, hours: int) -> str:
    """Rank, put the decision into a set, ask for signatures. Returns the set's number."""
    desk.open(call.get_absolute_url())
    desk.follow("Panel board")
    desk.press("Rank what has all its reviews")
    desk.follow(f"{desk.say('Decide')} {number}", written=True)
    desk.choose("awarded", within="Outcome")
    desk.main.locator("[name^=hours_]").fill(str(hours))
    desk.write("Reason", "Sound, small and useful.")
    desk.press("Put into the set")
    desk.sees(number, written=True)
    desk.press("Ask for signatures")
    return desk.main.locator(".record .code").first.inner_text().strip()


def sign(desk: Desk, found: str, number: str) -> None:
    """Read every decision of the set and sign; the second person's signature publishes it."""
    desk.open("/dashboard/")
    buttons = desk.main.get_by_role("link", name=desk.say("Sign"))
    desk.go(buttons.filter(has_text=found))
    desk.follow("Review and sign")
    if "/accounts/reauthenticate/" in desk.page.url:
        desk.prove()
    desk.sees(number, written=True)
    desk.tick("I have read every decision of this set and stand by it.")
    desk.press("Sign")
    desk.sees("Your signature is on record.")


def accept(desk: Desk, number: str) -> None:
    """The lead takes the award up and accepts its terms."""
    desk.take_up("Accept", number)
    desk.tick("I have read the letter and accept its terms for my team.")
    desk.press("Accept the award")
    desk.sees("You accepted the award. The machine opens its account.")


def receipt(desk: Desk, number: str) -> str:
    """The decision as its lead reads it. Returns the grant's number."""
    desk.open(f"/proposals/{number}/decision/")
    assert desk.fact("Outcome") == desk.say("awarded")
    return desk.fact("Grants").strip()


def read_grant(desk: Desk, grant: str, hours: int) -> None:
    """The lead finds the grant among what is theirs, active and with all its hours left."""
    desk.open("/dashboard/")
    desk.go(desk.main.get_by_role("row").filter(has_text=grant).get_by_role("link"))
    desk.sees("active")
    desk.main.get_by_role("heading", name=desk.say("Hours left"), exact=True).wait_for()
    assert desk.fact("Left").split()[0] == f"{hours:,}"
