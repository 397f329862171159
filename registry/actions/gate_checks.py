"""The checks of the gate: from facts where there are facts, else as stated with evidence."""

from __future__ import annotations

from collections.abc import Callable

from django.utils import timezone
from django.utils.translation import gettext as _

from registry.models import Checkpoint, GateCheck, TransferGate
from registry.queries import contributions

Code = GateCheck.Code
Answer = tuple[bool, str]
SOURCE = ".py"  # readable by the reviewers, who are told of it
# Files that stand beside weights and cannot carry code.
PLAIN = (".safetensors", ".json", ".md", ".txt", ".yaml", ".yml", ".toml", ".cff", ".csv")
# MLflow writes these names without an extension.
PLAIN_NAMES = frozenset({"MLmodel", "LICENSE", "NOTICE"})


def run(gate: TransferGate) -> list[GateCheck]:
    """One result per code, unsaved."""
    now = timezone.now()
    results = []
    for code in Code:
        check = _AUTOMATIC.get(code)
        passed, evidence = check(gate.checkpoint) if check else _stated(gate, code)
        results.append(
            GateCheck(
                gate=gate,
                code=code,
                passed=passed,
                automatic=check is not None,
                evidence=evidence,
                checked_at=now,
            )
        )
    return results


def _evaluation(checkpoint: Checkpoint) -> Answer:
    if not checkpoint.metrics:
        return False, _("No metric is on record. Log an evaluation with the training run.")
    shown = sorted(checkpoint.metrics.items())[:8]
    return True, ", ".join(f"{name} = {value}" for name, value in shown)


def _security(checkpoint: Checkpoint) -> Answer:
    """Weights in safetensors, and beside them nothing but plain files and readable source."""
    if checkpoint.format != Checkpoint.Format.SAFETENSORS:
        return False, _("The weights are not in safetensors. Convert them and release again.")
    if checkpoint.format_problem:
        return False, checkpoint.format_problem
    paths = list(checkpoint.files.values_list("path", flat=True))
    source = [path for path in paths if path.lower().endswith(SOURCE)]
    odd = [path for path in paths if not _is_plain(path) and path not in source]
    if odd:
        message = _("These files may carry hidden code: %(files)s. Release without them.")
        return False, message % {"files": ", ".join(odd[:5])}
    if source:
        message = _("%(count)s files, weights in safetensors. Source code to read: %(files)s.")
        return True, message % {"count": len(paths), "files": ", ".join(source[:5])}
    message = _("%(count)s files, weights in safetensors, nothing that can run.")
    return True, message % {"count": len(paths)}


def _is_plain(path: str) -> bool:
    name = path.rsplit("/", 1)[-1]
    return name in PLAIN_NAMES or name.lower().endswith(PLAIN)


def _lineage(checkpoint: Checkpoint) -> Answer:
    """Whatever it descends from must itself have passed the gate: then its contributors have
    consented, and income can be passed up to them."""
    parents = [e.parent for e in checkpoint.parents.select_related("parent__model__lab")]
    closed = [p.number for p in parents if contributions.approved_gate(p) is None]
    if closed:
        message = _("Not through the gate: %(parents)s. They must pass first.")
        return False, message % {"parents": ", ".join(closed)}
    if not parents:
        return True, _("It descends from no other checkpoint.")
    message = _("Through the gate: %(parents)s. Income is passed up to them.")
    return True, message % {"parents": ", ".join(parent.number for parent in parents)}


def _stated(gate: TransferGate, code: str) -> Answer:
    """The statement stands as evidence; data rights also need every data set's licence."""
    text = str(gate.statements.get(code, "")).strip()
    if not text:
        return False, _("Nothing is stated. State it with its evidence.")
    if code == Code.DATA_RIGHTS:
        bare = list(gate.checkpoint.data_sets.filter(licence="").values_list("name", flat=True))
        if bare:
            message = _("No licence is on record for the data sets %(names)s. Add it first.")
            return False, message % {"names": ", ".join(bare[:5])}
    return True, text


_AUTOMATIC: dict[str, Callable[[Checkpoint], Answer]] = {
    Code.EVALUATION: _evaluation,
    Code.SECURITY: _security,
    Code.LINEAGE: _lineage,
}
