"""Steps 6 and 7: through the gate to a signed licence, and one receipt shared to the fen."""

import json
import sys
from pathlib import Path
from typing import Any

from portal.demo.content_people import PEOPLE
from portal.demo.walk.cast import Cast
from portal.demo.walk.report import Report, expect, fail
from portal.demo.walk.research import Release
from portal.demo.walk.visitor import now

STATEMENTS = {
    "data_rights": "The images are public under CC-BY-4.0; file DR-digits.",
    "export": "No controlled items; note EC-digits.",
    "filing": "Not offered to the public.",
}
TERMS = {
    "fields": ["energy"],
    "regions": ["CN"],
    "nodes": 2,
    "cards": 8,
    "months": 12,
    "price_fen": 12_000_000,
}
PAID_FEN, TAX_FEN = 10_000_001, 566_038
NOT_FOUND = 404


def license_it(cast: Cast, report: Report, released: Release, folder: Path) -> str:
    """Step 6. Returns the licence's number."""
    report.step(6, "Both arms and the contributors consent; an enterprise licenses the model")
    gate = _pass_the_gate(cast, report, released)
    code = _offer(cast, report, gate, released)
    number = _negotiate(cast, report, code)
    text = cast("hao.jing").get(f"licences/{number}/licence-file/")
    _verify(cast, report, text, folder)
    _bundle(cast, report, number, released)
    return number


def _pass_the_gate(cast: Cast, report: Report, released: Release) -> str:
    lead = cast("tang.yuhe")
    gate = lead.post(
        "transfers/",
        {
            "release": released.id,
            "purpose_en": "Deployment at an enterprise.",
            "purpose_zh": "在企业部署。",
            "statements": STATEMENTS,
        },
    )
    path = f"transfers/{gate['number']}"
    checked = lead.post(f"{path}/run-checks/")
    failed = [check["evidence"] for check in checked["checks"] if not check["passed"]]
    expect(not failed, f"the gate's checks failed: {failed}")
    lead.prove().post(f"{path}/approve-research/", {"note": "By myself."}, status=403)
    asked = cast("m.haugen").prove().post(f"{path}/approve-research/", {"note": "Documented."})
    for answer in asked["consents"]:
        handle = _delegate_of(answer["institution"])
        consent = {"institution": answer["institution"], "verdict": "consent", "reason": ""}
        cast(handle).prove().post(f"{path}/consent/", consent)
        report.fact("consents", f"{answer['institution']}, by {handle}")
    approved = cast("lu.wanqing").prove().post(f"{path}/approve-deployment/", {"note": "Ready."})
    signatures = len(json.loads(approved["certificate"])["signatures"])
    expect(approved["state"] == "approved", f"the transfer is {approved['state']}")
    expect(signatures == 2, f"the certificate has {signatures} signatures")  # noqa: PLR2004
    report.fact("gate certificate", f"{gate['number']}, signed by both arms")
    return str(gate["number"])


def _delegate_of(institution: str) -> str:
    for row in PEOPLE:
        if row.institution == institution and "delegate" in row.roles:
            return row.handle
    return fail(f"{institution} has no delegate")


def _offer(cast: Cast, report: Report, gate: str, released: Release) -> str:
    office = cast("qiao.zhengyi")
    code = released.model.rpartition("/")[2]
    office.post(
        "offerings/",
        {
            "gate": gate,
            "code": code,
            "title_en": "Digits for meters",
            "title_zh": "表计数字识别",
            "summary_en": "Reads the digits of meters.",
            "summary_zh": "识别表计数字。",
            "fields": ["energy", "manufacturing"],
            "forms": ["on_premises"],
            "list_price_fen": TERMS["price_fen"],
        },
    )
    offered = office.post(f"offerings/{code}/offer/")
    report.fact("in the catalogue", f"{code}, {offered['state']}")
    return code


def _negotiate(cast: Cast, report: Report, code: str) -> str:
    office, buyer = cast("qiao.zhengyi"), cast("hao.jing")
    request = {"offering": code, "licensee": "hengyuan", "note": "For two control rooms."}
    number = str(buyer.post("licences/", request)["number"])
    path = f"licences/{number}"
    first = office.post(f"{path}/offer/", {"terms": TERMS, "comment": "As listed."})
    answer = {"answers": 1, "terms": TERMS | {"cards": 16}, "comment": "Sixteen cards."}
    buyer.post(f"{path}/counter/", answer)
    agreed = office.post(f"{path}/accept/", {"revision": 2})
    digest = agreed["document_sha256"]
    signer = cast("ren.dong").prove()
    signer.post(f"{path}/sign/", {"document_sha256": "0" * 64}, status=409)
    signer.post(f"{path}/sign/", {"document_sha256": digest})
    signed = office.prove().post(f"{path}/sign/", {"document_sha256": digest})
    expect(first["state"] == "offered", f"after the offer the licence is {first['state']}")
    expect(signed["state"] == "active", f"after both signatures it is {signed['state']}")
    report.fact("licence", f"{number}, offered, countered, agreed, signed by both")
    report.fact("agreement", f"sha256 {digest[:16]}…")
    return number


def _verify(cast: Cast, report: Report, text: str, folder: Path) -> None:
    """With the wheel this site ships, installed alone, without a network."""
    wheel = cast.manage("build_verifier", "--out", str(folder / "wheel")).strip().splitlines()[-1]
    target = str(folder / "verifier")
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-index"]
    cast.run([*pip, "--target", target, wheel])
    good, edited = folder / "good.lic", folder / "edited.lic"
    good.write_text(text, encoding="utf-8")
    lines = text.splitlines(keepends=True)
    at = max(range(len(lines)), key=lambda n: len(lines[n]))
    middle = len(lines[at]) // 2
    other = "A" if lines[at][middle] != "A" else "B"
    lines[at] = lines[at][:middle] + other + lines[at][middle + 1 :]
    edited.write_text("".join(lines), encoding="utf-8")
    argv = [sys.executable, "-m", "omic_verifier", "verify", "--field", "energy", "--cards", "8"]
    argv += ["--state", str(folder / "memory"), str(folder / "memory-too")]
    said = json.loads(cast.run([*argv, "--licence", str(good)], PYTHONPATH=target))
    report.fact("verified offline", f"{said['code']}: {said['message']}")
    refused = cast.attempt([*argv, "--licence", str(edited)], PYTHONPATH=target)
    expect(refused[0] != 0, "an edited licence file was accepted")
    report.fact("one character changed", json.loads(refused[1])["code"])


def _bundle(cast: Cast, report: Report, number: str, released: Release) -> None:
    files = cast("hao.jing").get(f"licences/{number}/files/")
    wanted = {file["path"]: file["sha256"] for file in released.checkpoint["files"]}
    got = {file["path"]: file["sha256"] for file in files}
    expect(got == wanted, "the bundle is not the checkpoint's files")
    for file in files:
        cast("hao.jing").fetch(file["href"], sha256=file["sha256"])
    report.fact("bundle", f"{len(files)} files downloaded, every sha256 matches")
    status = cast("su.mingyue").status(files[0]["href"])
    expect(status == NOT_FOUND, f"an unlicensed enterprise got {status}")
    report.fact("an unlicensed enterprise", f"gets {status}")


def share(cast: Cast, report: Report, number: str) -> None:
    """Step 7. A receipt, its statement, and the chain recomputed."""
    report.step(7, "One receipt is shared to the fen; the chain is recomputed")
    receipt = {
        "amount_fen": PAID_FEN,
        "tax_fen": TAX_FEN,
        "third_party_fen": 0,
        "received_on": now().date().isoformat(),
        "bank_reference": f"walk-{number}",
    }
    path = f"licences/{number}/receipts/"
    statement = cast("qiao.zhengyi").post(path, receipt)
    again = cast("qiao.zhengyi").post(path, receipt)
    expect(again["number"] == statement["number"], "the same payment was recorded twice")
    lines = statement["lines"]
    shared = sum(line["amount_fen"] for line in lines)
    expect(shared == PAID_FEN - TAX_FEN, f"{shared} fen were shared of {PAID_FEN - TAX_FEN}")
    for line in lines:
        report.fact(line["name"], f"{line['amount_fen'] / 100:,.2f} yuan")
    report.fact("sum", f"{shared} fen = received {PAID_FEN} less tax {TAX_FEN}")
    chain: dict[str, Any] = cast("hao.jing").get(f"licences/{number}/provenance/")
    expect(chain["ok"], f"a link's evidence fails: {chain}")
    cast.manage("provenance", number)
    for link in chain["links"]:
        report.fact(link["code"], f"{link['number']} {link['title']}".strip())
    cast("hao.jing").page(f"/licences/{number}/provenance/")
    cast.manage("reconcile")
    report.fact("reconcile", "clean")
