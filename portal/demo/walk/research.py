"""Steps 4 and 5: a run logged through the portal becomes a checkpoint, then a release."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from portal.demo.walk.cast import Cast
from portal.demo.walk.clients import printed, run_client
from portal.demo.walk.grants import Grant
from portal.demo.walk.report import Report, expect
from portal.demo.walk.visitor import wait_for
from registry.verifier import manifest

LAB, LEAST_ACCURACY = "iac-weather", 0.9
CARD_EN = """# Digits

A small classifier of handwritten digits, trained on scikit-learn's public images under grant
{grant}. It shows the consortium's chain from allocation to licence.

## Limits

Eight by eight grey images only. Not for reading documents.
"""
CARD_ZH = """# 手写数字

在机时项目 {grant} 下以 scikit-learn 公开图像训练的小型手写数字分类器，
用于展示联合体从机时分配到许可的完整链条。

## 局限

仅适用于 8×8 灰度图像，不用于文档识别。训练数据公开可查，结果可以复现。
"""


@dataclass(frozen=True, slots=True)
class Release:
    """What later steps need of the release."""

    id: int
    model: str
    version: str
    checkpoint: dict[str, Any]


def train(cast: Cast, report: Report, grant: Grant, home: Path) -> dict[str, Any]:
    """Step 4. Returns the checkpoint as the API shows it."""
    report.step(4, "A lab trains a model and logs it with the unmodified mlflow client")
    lead = cast("tang.yuhe")
    name = f"digits-{grant.account.replace('_', '-')}"
    tags = (f"portal.allocation={grant.number}", f"portal.jobs={','.join(grant.jobs)}")
    arguments = [part for tag in tags for part in ("--tag", tag)]
    seen = printed(
        run_client(
            *("train.py", "--model", name, *arguments),
            home=home,
            MLFLOW_TRACKING_URI=f"{cast.base}/mlflow",
            MLFLOW_TRACKING_TOKEN=lead.token("walk: training", "registry:read", "registry:write"),
            MLFLOW_WORKSPACE=LAB,
        )
    )
    expect(seen["accuracy"] > LEAST_ACCURACY, f"the model reads only {seen['accuracy']:.0%}")
    number = f"{LAB}/{name}@{seen['version']}"
    report.fact("run", f"{seen['run_id']}, accuracy {seen['accuracy']:.3f}")

    def recorded() -> dict[str, Any] | None:
        rows = lead.get("checkpoints/")["results"]
        return next((row for row in rows if row["number"] == number), None)

    row = wait_for(recorded, f"checkpoint {number}")
    found: dict[str, Any] = lead.get(f"checkpoints/{row['id']}/")
    expect(found["format"] == "safetensors", f"the weights are {found['format']}")
    expect(found["allocation"] == grant.number, "the checkpoint names another grant")
    expect(found["card_seconds"] > 0, "the checkpoint is tied to no job run")
    files = [manifest.File(f["path"], f["size"], f["sha256"]) for f in found["files"]]
    expect(manifest.root(files) == found["manifest_root"], "the manifest root is another")
    report.fact("checkpoint", f"{number}, {len(files)} files, {found['parameters']:,} parameters")
    report.fact("manifest root", found["manifest_root"])
    report.fact("trained under", f"{grant.number}, jobs {', '.join(grant.jobs)}")
    return found


def release(cast: Cast, report: Report, checkpoint: dict[str, Any], grant: Grant) -> Release:
    """Step 5, the publishing half: checked, sent, approved by somebody else."""
    report.step(5, "The lab releases it for research; members download it, outsiders cannot")
    lead = cast("tang.yuhe")
    described = {
        "name": "sklearn-digits",
        "use": "training",
        "origin": "UCI Machine Learning Repository",
        "licence": "CC-BY-4.0",
    }
    lead.post(f"checkpoints/{checkpoint['id']}/set-data-set/", described)
    draft = lead.post("releases/", {"checkpoint": checkpoint["id"], "version": "1.0"})
    path = f"releases/{draft['id']}"
    edit = {
        "revision": draft["revision"],
        "licence": "Apache-2.0",
        "audience": "members",
        "card_en": CARD_EN.format(grant=grant.number),
        "card_zh": CARD_ZH.format(grant=grant.number),
        "citation": f"Weather Models Laboratory. {draft['model']} 1.0.",
    }
    lead.post(f"{path}/edit/", edit)
    stale = lead.post(f"{path}/edit/", edit | {"licence": "MIT"}, status=409)
    report.fact("a stale form", stale["detail"])
    checked = lead.post(f"{path}/check/")
    failed = [c["title"] for c in checked["checks"] if not c["ok"] and not c["advice"]]
    expect(not failed, f"checks failed: {failed}")
    lead.post(f"{path}/submit/")
    approved = cast("m.haugen").post(f"{path}/approve/", {"note": "Complete."})
    expect(approved["state"] == "released", f"the release is {approved['state']}")
    report.fact("released", f"{approved['model']} 1.0 to members, {len(checked['checks'])} checks")
    return Release(draft["id"], approved["model"], "1.0", checkpoint)


def download(cast: Cast, report: Report, released: Release, home: Path) -> None:
    """Step 5, the reading half: huggingface_hub as it is, hash by hash."""
    wanted = {file["path"]: file["sha256"] for file in released.checkpoint["files"]}
    member = cast("a.novak").token("walk: reading", "registry:read")
    got = _fetch(cast, released, home / "member", HF_TOKEN=member)
    expect(got.get("files") == wanted, f"the member got {got}")
    report.fact("member of Alder University", f"{len(wanted)} files, every sha256 matches")
    refused = _fetch(cast, released, home / "outsider")
    expect(refused.get("error") == "RepositoryNotFoundError", f"the outsider got {refused}")
    report.fact("an outsider", "is told there is no such repository")


def _fetch(cast: Cast, released: Release, home: Path, **env: str) -> dict[str, Any]:
    home.mkdir(parents=True, exist_ok=True)
    done = run_client(
        *("fetch.py", released.model, released.version),
        home=home,
        HF_ENDPOINT=f"{cast.base}/hf",
        HF_HOME=str(home / "hf"),
        **env,
    )
    got: dict[str, Any] = printed(done)
    return got
