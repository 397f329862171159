"""The links of research: allocation, usage, training run, checkpoint, release."""

from __future__ import annotations

import hashlib

from django.db.models import Q, Sum
from django.utils.translation import gettext as _

from compute_grants.models import UsageRecord
from consortium import audit
from consortium.models import Account, Transfer, Unit
from registry.backends import StorageError, store
from registry.models import ResearchRelease
from registry.queries.provenance.links import Evidence, Link, Subject
from registry.verifier import manifest

SECONDS_PER_HOUR = 3600
JOULES_PER_KWH = 3_600_000
READ_ALWAYS = 32 * 1024 * 1024  # models up to this many bytes are always read again


def allocation_link(subject: Subject) -> Link:
    """The grant: what was allocated, and that the ledger's pot adds up to its transfers."""
    allocation = subject.allocation
    if allocation is None:
        missing = Evidence("allocation", _("Grant"), _("none on record"), ok=False)
        return Link("allocation", _("Grant"), _("No grant is on record"), "", "", (missing,))
    account = allocation.account
    facts = [
        Evidence("seconds", _("Granted"), _time(allocation.seconds, allocation.resource.unit)),
        Evidence("machine", _("Machine"), allocation.resource.machine.name),
        Evidence("proposal", _("Proposal"), allocation.proposal.number),
    ]
    if account is not None:
        came, went = _moved(account)
        sums = f"+{came} −{went}"
        same = (came, went) == (account.posted_in, account.posted_out)
        facts.append(Evidence("ledger", _("Ledger, summed again"), sums, ok=same))
    return Link(
        "allocation",
        _("Grant"),
        allocation.title,
        allocation.number,
        allocation.get_absolute_url(),
        tuple(facts),
    )


def _moved(account: Account) -> tuple[int, int]:
    """What came into an account and went out of it, from its transfers."""
    total = Transfer.objects.filter(Q(credit=account) | Q(debit=account)).aggregate(
        came=Sum("amount", filter=Q(credit=account), default=0),
        went=Sum("amount", filter=Q(debit=account), default=0),
    )
    return total["came"], total["went"]


def _time(seconds: int, unit: str) -> str:
    hours = f"{seconds / SECONDS_PER_HOUR:,.1f}"
    if unit == Unit.CARD_SECONDS:
        return _("%(hours)s card-hours") % {"hours": hours}
    return _("%(hours)s core-hours") % {"hours": hours}


def usage_link(subject: Subject) -> Link:
    """The job runs behind the checkpoint, and that each was charged what the ledger says."""
    runs = subject.runs
    joules = sum(run.energy_joules or 0 for run in runs)
    sources = {str(run.get_energy_source_display()) for run in runs if run.energy_joules}
    cards, cores = sum(r.card_seconds for r in runs), sum(r.core_seconds for r in runs)
    used = _time(cards, Unit.CARD_SECONDS) if cards else _time(cores, Unit.CORE_SECONDS)
    wrong = [run for run in runs if not _charged_right(run)]
    energy = f"{joules / JOULES_PER_KWH:,.3f} kWh"
    if sources:
        energy = f"{energy} ({', '.join(sorted(sources))})"
    facts = (
        Evidence("runs", _("Job runs"), str(len(runs)), ok=bool(runs)),
        Evidence("used", _("Used"), used),
        Evidence("energy", _("Energy"), energy),
        Evidence(
            "charged",
            _("Charged as the ledger says"),
            _("%(right)s of %(all)s runs") % {"right": len(runs) - len(wrong), "all": len(runs)},
            ok=not wrong,
        ),
    )
    jobs = ", ".join(str(run.job_id_raw) for run in runs[:5])
    return Link("usage", _("Usage and energy"), _("What the training used"), jobs, "", facts)


def _charged_right(run: UsageRecord) -> bool:
    """Whether the run's parts of its postings come to what it says it was charged.

    A posting is of all runs that a grant had in one batch, so it is at least as large.
    """
    moved = {row.pk: row.amount for row in Transfer.objects.filter(pk__in=run.transfers)}
    parts = list(zip(run.transfers, run.amounts, strict=True))
    posted = all(abs(amount) <= moved.get(key, 0) for key, amount in parts)
    return posted and sum(run.amounts) == run.charged


def training_link(subject: Subject) -> Link:
    """The MLflow run that logged the checkpoint, as the portal took it over."""
    checkpoint = subject.checkpoint
    metrics = ", ".join(f"{k} = {v}" for k, v in sorted(checkpoint.metrics.items())[:6])
    recorded = audit.history(checkpoint).filter(action="checkpoint.recorded").exists()
    facts = [
        Evidence("run_id", _("Run"), checkpoint.run_id or _("none on record")),
        Evidence("metrics", _("Metrics"), metrics or "–"),
        Evidence(
            "recorded",
            _("Recorded in the audit log"),
            _("yes") if recorded else _("no"),
            ok=recorded if checkpoint.run_id else None,
        ),
    ]
    return Link(
        "training_run",
        _("Training run"),
        subject.checkpoint.model.name,
        checkpoint.run_id[:12],
        "",
        tuple(facts),
    )


def checkpoint_link(subject: Subject) -> Link:
    """The files: the manifest root computed again, and the bytes in the store compared."""
    checkpoint = subject.checkpoint
    files = [manifest.File(f.path, f.size, f.sha256) for f in checkpoint.files.all()]
    root = manifest.root(files)
    read = subject.hash_files or checkpoint.bytes_total <= READ_ALWAYS
    bad = [file.path for file in files if not _in_store(file, read=read)]
    compared = _("read again") if read else _("sizes compared")
    held = _("%(good)s of %(all)s files") % {"good": len(files) - len(bad), "all": len(files)}
    facts = (
        Evidence(
            "manifest_root",
            _("Manifest root, computed again"),
            root,
            ok=root == checkpoint.manifest_root,
        ),
        Evidence(
            "files", _("Files in the store"), f"{held}, {compared}", ok=bool(files) and not bad
        ),
        Evidence("format", _("Format"), checkpoint.get_format_display()),
    )
    return Link(
        "checkpoint",
        _("Checkpoint"),
        checkpoint.model.name,
        checkpoint.number,
        checkpoint.get_absolute_url(),
        facts,
    )


def _in_store(file: manifest.File, *, read: bool) -> bool:
    try:
        if not read:
            return store().path(file.sha256).stat().st_size == file.size
        digest = hashlib.sha256()
        for chunk in store().read(file.sha256):
            digest.update(chunk)
    except (StorageError, OSError):
        return False
    return digest.hexdigest() == file.sha256


def release_link(subject: Subject) -> Link:
    release = subject.release
    published = release.state in ResearchRelease.PUBLISHED
    facts = (
        Evidence("state", _("State"), release.get_state_display(), ok=published),
        Evidence(
            "checkpoint",
            _("Releases this checkpoint"),
            subject.checkpoint.number,
            ok=release.checkpoint_id == subject.checkpoint.pk,
        ),
        Evidence("licence", _("Research licence"), release.licence or "–"),
    )
    return Link(
        "release",
        _("Research release"),
        release.model.name,
        release.number,
        release.get_absolute_url(),
        facts,
    )
