"""Steps 1 to 3: a machine and a call, a proposal to an active grant, real usage charged."""

import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from portal.demo.walk.cast import Cast
from portal.demo.walk.report import Report, expect
from portal.demo.walk.visitor import now, wait_for

HOUR = 3600
CARDS = "gres/gpu"
ASKED_HOURS, BUDGET_HOURS, AWARDED_HOURS = 2_000, 5_000, 1_500
SAMPLE = Path(__file__).parents[3] / "compute_grants" / "sample" / "sacct.psv"
SAMPLE_CLUSTER, SAMPLE_ACCOUNT = "sample1", "ncc2026_0001"
DUE_DAYS = 14
WINDOW_SECONDS = 20
RUBRIC = (
    {"name_en": "Merit", "name_zh": "价值", "weight_percent": 60},
    {"name_en": "Use of the machine", "name_zh": "机器使用效率", "weight_percent": 40},
)


@dataclass(frozen=True, slots=True)
class Grant:
    """What later steps need of the grant. jobs: the charged runs' job numbers."""

    number: str
    account: str
    machine: str
    cluster: str
    jobs: tuple[str, ...] = ()


def publish(cast: Cast, report: Report) -> tuple[str, str]:
    """Step 1. Returns the codes of the machine and of the call."""
    report.step(1, "A centre publishes a machine; the research arm publishes a call")
    machine = _machine(cast)
    report.fact("machine", f"{machine['code']}, cluster {machine['cluster']}, {machine['state']}")
    call = _call(cast, machine["code"])
    budget = call["budgets"][0]["seconds"] // HOUR
    report.fact("call", f"{call['code']}, {call['state']}, {budget:,} card-hours")
    return machine["code"], call["code"]


def _machine(cast: Cast) -> dict[str, Any]:
    mark = f"{int(time.time()):x}"
    operator = cast("cairang")
    operator.post(
        "machines/",
        {
            "code": f"trial-{mark}",
            "centre": "qinghu",
            "name_en": f"Trial cluster {mark}",
            "name_zh": f"试验集群 {mark}",
            "kind": "ai",
            "cluster": f"trial_{mark}",
            "power_watts": 96_000,
            "nodes": 16,
            "cards": 128,
            "cores": 3_072,
            "source": "The centre's inventory",
        },
    )
    path = f"machines/trial-{mark}"
    operator.post(
        f"{path}/partitions/",
        {
            "name": "gpu",
            "nodes": 16,
            "accelerator": "Lanxin A2",
            "accelerators_per_node": 8,
            "cores_per_node": 192,
            "memory_bytes_per_node": 1_536 * 1024**3,
            "max_wall_seconds": 7 * 24 * HOUR,
        },
    )
    for precision, gigaflops in (("FP32", 94_000), ("BF16", 320_000)):
        peak = {"partition": "gpu", "precision": precision, "gigaflops": gigaflops}
        operator.post(f"{path}/peaks/", peak)
    operator.post(f"{path}/resources/", {"tres": CARDS})
    month = now().date().replace(day=1).isoformat()
    capacity = {"tres": CARDS, "month": month, "seconds": 60_000 * HOUR}
    operator.post(f"{path}/certify/", capacity)
    published: dict[str, Any] = operator.post(f"{path}/publish/")
    return published


def _call(cast: Cast, machine: str) -> dict[str, Any]:
    office = cast("shen.ruolan")
    opens = now()
    call = office.post(
        "calls/",
        {
            "kind": "domain_model",
            "stage": "by_ai",
            "title_en": "Small models for reading digits",
            "title_zh": "数字识别小模型",
            "summary_en": "Train, release and license a small model, end to end.",
            "summary_zh": "训练、发布并许可一个小模型，走通全链条。",
            "rules_en": "The model is released to members.",
            "rules_zh": "模型须向成员发布。",
            "opens_at": opens.isoformat(),
            "closes_at": (opens + timedelta(days=30)).isoformat(),
            "rolling": True,
            "reviewers_per_proposal": 2,
        },
    )
    path = f"calls/{call['code']}"
    office.post(f"{path}/rubric/", {"lines": list(RUBRIC)})
    seconds = BUDGET_HOURS * HOUR
    office.post(f"{path}/budget/", {"machine": machine, "tres": CARDS, "seconds": seconds})
    office.post(f"{path}/panel/", {"panel": [cast.id_of("kong.lingyi"), cast.id_of("ouyang.qin")]})
    office.post(f"{path}/publish/")
    opened: dict[str, Any] = office.post(f"{path}/open/")
    return opened


def award(cast: Cast, report: Report, machine: str, call: str) -> Grant:
    """Step 2. From a draft to an active grant."""
    report.step(2, "A researcher applies; centre, reviewers and panel decide")
    number = _submit(cast, report, machine, call)
    _review(cast, report, number, call)
    cast("kong.lingyi").post(f"calls/{call}/rank/")
    proposal = cast("kong.lingyi").get(f"proposals/{number}/")
    today = now().date()
    decisions = cast("kong.lingyi").post(
        f"proposals/{number}/decide/",
        {
            "outcome": "awarded",
            "reason": "Sound, small and useful.",
            "lines": [{"request": proposal["requests"][0]["id"], "seconds": AWARDED_HOURS * HOUR}],
            "starts_on": today.isoformat(),
            "ends_on": (today + timedelta(days=365)).isoformat(),
        },
    )
    lead = cast("tang.yuhe")
    _sign(cast, report, decisions["number"])
    grants = lead.get("allocations/", page_size=200)["results"]
    grant = next(row["number"] for row in grants if row["proposal"] == number)
    report.fact("awarded", f"{grant}, {AWARDED_HOURS:,} card-hours")

    award = lead.get(f"acceptances/{number}/")
    refused = lead.post(f"acceptances/{number}/accept/", {"letter_sha256": "0" * 64}, status=409)
    report.fact("another letter", refused["detail"])
    lead.post(f"acceptances/{number}/accept/", {"letter_sha256": award["letter_sha256"]})
    report.fact("accepted", f"by the lead, {award['due_on']} at the latest")

    def active() -> dict[str, Any] | None:
        found: dict[str, Any] = lead.get(f"allocations/{grant}/")
        return found if found["state"] == "active" else None

    found = wait_for(active, f"grant {grant} to become active", seconds=90)
    left = cast("shen.ruolan").get(f"calls/{call}/")["budgets"][0]["left"]
    expect(left == (BUDGET_HOURS - AWARDED_HOURS) * HOUR, f"the call has {left} s left")
    report.fact("active on the machine", f"account {found['slurm_account']}")
    cluster = cast("cairang").get(f"machines/{machine}/")["cluster"]
    return Grant(grant, found["slurm_account"], machine, cluster)


def _sign(cast: Cast, report: Report, number: str) -> None:
    """Two of the panel sign the decisions; the first one twice, which does not count."""
    path = f"decision-sets/{number}"
    asked = cast("kong.lingyi").post(f"{path}/propose/")
    signature = {"content_sha256": asked["sha256"]}
    first = cast("kong.lingyi").prove()
    first.post(f"{path}/sign/", signature)
    again = first.post(f"{path}/sign/", signature, status=409)
    report.fact("a second signature of the same", again["detail"])
    done = cast("ouyang.qin").prove().post(f"{path}/sign/", signature)
    expect(done["state"] == "published", f"after both signatures it is {done['state']}")
    report.fact("decisions", f"{number}, signed by two, sha256 {asked['sha256'][:16]}…")


def _submit(cast: Cast, report: Report, machine: str, call: str) -> str:
    lead = cast("tang.yuhe")
    draft = lead.post(
        "proposals/",
        {
            "call": call,
            "institution": "iac",
            "title_en": "Reading handwritten digits",
            "title_zh": "手写数字识别",
            "summary": "A small network on a public data set.",
            "science_case": "It shows the whole chain on data that anybody can check.",
            "software": "PyTorch, under a BSD licence.",
            "data_ethics": "Public data under an open licence; no personal data.",
        },
    )
    path = f"proposals/{draft['number']}"
    asked = {
        "machine": machine,
        "tres": CARDS,
        "precision": "FP32",
        "seconds": ASKED_HOURS * HOUR,
        "cards": 8,
        "justification": "Eight cards for ten days, by the pilot run.",
    }
    lead.post(f"{path}/ask/", asked)
    receipt = lead.post(f"{path}/submit/")
    again = lead.post(f"{path}/submit/", status=409)
    report.fact("submitted", f"{draft['number']}, sha256 {receipt['content_hash'][:16]}…")
    report.fact("a second submit", again["detail"])
    return str(draft["number"])


def _review(cast: Cast, report: Report, number: str, call: str) -> None:
    office, operator = cast("shen.ruolan"), cast("cairang")
    office.post(f"proposals/{number}/send-to-centres/")
    request = operator.get(f"proposals/{number}/")["requests"][0]["id"]
    verdict = {"request": request, "verdict": "feasible", "reason": "It fits one node."}
    reviewed = operator.post(f"proposals/{number}/technical-review/", verdict)
    report.fact("feasible", f"by the centre; now {reviewed['state']}")
    criteria = [row["id"] for row in office.get(f"calls/{call}/")["criteria"]]
    due = (now() + timedelta(days=DUE_DAYS)).isoformat()
    conflict = {"reviewer": cast.id_of("xiao.bowen"), "due_at": due}
    refused = office.post(f"proposals/{number}/assign/", conflict, status=409)
    report.fact("conflict found", refused["detail"])
    for handle, value in (("guo.tingting", 5), ("yan.shuqing", 4)):
        reviewer = cast(handle)
        invited = {"reviewer": cast.id_of(handle), "due_at": due}
        assignment = office.post(f"proposals/{number}/assign/", invited)["id"]
        reviewer.post(f"reviews/{assignment}/declare/", {"conflict": ""})
        scores = [
            {"criterion": criterion, "value": value, "reason": "As the pilot run shows."}
            for criterion in criteria
        ]
        review = {"scores": scores, "comment": "Clear and complete."}
        reviewer.post(f"reviews/{assignment}/submit/", review)
        report.fact("reviewed", f"by {handle}, {value} of 5")


def charge(cast: Cast, report: Report, grant: Grant, folder: Path) -> Grant:
    """Step 3. Real sacct output, moved to this grant's account, is charged once."""
    report.step(3, "Real usage is read and charged exactly once")
    lead = cast("tang.yuhe")
    text = SAMPLE.read_text(encoding="utf-8")
    text = text.replace(SAMPLE_CLUSTER, grant.cluster).replace(SAMPLE_ACCOUNT, grant.account)
    file = folder / "sacct.psv"
    file.write_text(text, encoding="utf-8")
    bad = folder / "cut.psv"
    bad.write_text(text[: len(text) // 2], encoding="utf-8")
    refused = cast.manage("import_usage", str(bad), "--cluster", grant.cluster, status=1)
    report.fact("a cut file", refused.strip().splitlines()[0])
    first = cast.manage("import_usage", str(file), "--cluster", grant.cluster)
    used = lead.get(f"allocations/{grant.number}/")
    expect(used["used_seconds"] > 0, "nothing was charged")
    cast.manage("import_usage", str(file), "--cluster", grant.cluster)
    again = lead.get(f"allocations/{grant.number}/")
    expect(again["used_seconds"] == used["used_seconds"], "the same file was charged twice")
    runs = lead.get(f"allocations/{grant.number}/usage/", page_size=500)["results"]
    charged = sum(run["charged"] for run in runs)
    expect(charged == used["used_seconds"], f"runs say {charged} s, the ledger another sum")
    for line in first.splitlines():
        if "card-hours" in line or "job runs" in line:
            report.fact("import_usage", " ".join(line.split()))
    left = used["left_seconds"] / HOUR
    report.fact("hours left", f"{left:,.3f}, unchanged by a second reading")
    page = lead.page(f"/grants/{grant.number}/")
    expect(grant.number in page, "the grant's page does not show it")
    csv = lead.get(f"allocations/{grant.number}/usage.csv/")
    expect(csv.count("\n") > len(runs), "the CSV lacks runs")
    jobs = tuple(str(run["job_id_raw"]) for run in runs if run["card_seconds"])
    return Grant(grant.number, grant.account, grant.machine, grant.cluster, jobs[:3])
