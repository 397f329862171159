"""Step 6, page by page: through the gate, into the catalogue, to a signed licence."""

from __future__ import annotations

import re

from django.urls import reverse

from consortium.backends.signer import signer
from consortium.models import Institution
from registry.actions import trust
from registry.verifier import jws
from registry.verifier.codes import Code
from registry.verifier.memory import Memory
from registry.verifier.verify import Use, verify
from tests.factories.licensing import STATEMENTS
from tests.scenarios.desk import Desk

CODE = "digits"
OFFERING = {
    "Code": CODE,
    "Title in English": "Digits for meters",
    "Title in Chinese": "表计数字识别",
    "Summary in English": "Reads the digits of meters.",
    "Summary in Chinese": "识别表计数字。",
    "List price in yuan": "120000.00",
}


def ask(desk: Desk, release_address: str) -> str:
    """The lab asks. Returns the transfer's number."""
    desk.open(release_address)
    desk.follow("Ask for technology transfer")
    desk.write("Purpose in English", "Deployment at an enterprise.")
    desk.write("Purpose in Chinese", "在企业部署。")
    for name, text in STATEMENTS.items():
        desk.main.locator(f"[name={name}]").fill(text)
    desk.press("Ask and run the checks")
    desk.sees("Asked for. The checks have run.")
    assert desk.main.get_by_text(desk.say("failed"), exact=True).count() == 0, (
        desk.main.inner_text()
    )
    return re.findall(r"/transfers/([^/]+)/", desk.page.url)[0]


def decide(desk: Desk, number: str) -> None:
    """An arm's office, asked first whether it is still them."""
    desk.take_up("Decide", number)
    desk.prove()
    desk.choose("Approve", within="Decision")
    desk.write("Reason or note", "Documented.")
    desk.press("Record the decision")
    desk.sees("Your decision is on record.")


def consent(desk: Desk, number: str) -> None:
    desk.take_up("Answer", number)
    desk.prove()
    desk.choose("consent", within="Your institution's answer")
    desk.press("Record the answer")
    desk.sees("Your institution's answer is on record.")


def offer(desk: Desk, number: str) -> None:
    """From the transfer, now certified, to an offering in the catalogue."""
    desk.open(reverse("registry:gate", args=[number]))
    desk.follow("Draft an offering")
    for label, text in OFFERING.items():
        desk.write(label, text)
    desk.tick("energy", within="Fields of use")
    desk.tick("on the licensee's premises", within="Forms of deployment")
    desk.press("Save the draft")
    desk.press("Offer it")
    desk.sees("offered")


def quote(desk: Desk, licensee: Institution) -> str:
    """An enterprise finds it in the catalogue and asks. Returns the licence's number."""
    desk.open("/offerings/")
    title = "Title in English" if desk.language == "en" else "Title in Chinese"
    desk.follow(OFFERING[title], written=True)
    desk.follow("Ask for a quote")
    desk.select("For", str(licensee.pk))
    desk.write("What you want to use it for", "Meters in two control rooms.")
    desk.press("Ask for a quote")
    return re.findall(r"/licences/([^/]+)/", desk.page.url)[0]


def put_forward(desk: Desk, number: str) -> None:
    desk.take_up("Answer", number)
    desk.follow("Offer terms")
    desk.write("Nodes, at most", "2")
    desk.write("Accelerator cards, at most", "8")
    desk.write("Comment", "As listed.")
    desk.press("Send these terms")
    desk.sees("Offered. The licensee answers.")


def accept(desk: Desk, number: str) -> None:
    desk.take_up("Accept or counter", number)
    desk.press("Accept these terms")
    desk.sees("Agreed. Both sides sign next.")


def sign(desk: Desk, number: str) -> None:
    """Asked first whether it is still you; then the very text is read and signed."""
    desk.take_up("Sign", number)
    desk.prove()
    desk.reads("Review and sign")
    desk.tick("I have read the agreement and sign it for my side.")
    desk.press("Sign")
    desk.reads("Receipt of signatures")


def licence_file(desk: Desk, number: str) -> bytes:
    desk.open(reverse("registry:licence", args=[number]))
    desk.sees("active")
    return desk.download("Download the licence file")


def judged(text: bytes) -> Code:
    """What the verifier says, far from the portal, with the root's public key alone."""
    use = Use(nodes=2, cards=8, field="energy", region="CN")
    root = signer().public_key(trust.ROOT)
    return verify(text, root=root, now=trust.now_seconds(), memory=Memory(), use=use).code


def edited(text: bytes) -> bytes:
    """The same file, but for one more card than was agreed."""
    trust_line, licence, status_line = text.splitlines(keepends=True)
    head, payload, signature = licence.decode().split(".")
    more = jws.b64decode(payload).replace(b'"cards":8,', b'"cards":9,')
    assert jws.b64encode(more) != payload
    return trust_line + f"{head}.{jws.b64encode(more)}.{signature}".encode() + status_line
