"""The links of deployment: gate, offering, licence, metered use, receipts and shares."""

from __future__ import annotations

from fractions import Fraction

from django.db.models import Sum
from django.utils.translation import gettext as _

from consortium.backends.signer import SignerError, signer
from consortium.models import Account, Transfer, Unit
from registry import agreements, certificates, waterfall
from registry.models import CommercialOffering, Licence, RevenueStatement, StatusList, TrustDocument
from registry.queries.contributions import digest_of
from registry.queries.income import nodes_behind
from registry.queries.provenance.links import Evidence, Link, Subject
from registry.verifier import claims, jws
from registry.verifier.bundle import Bundle
from registry.verifier.codes import Refused
from registry.verifier.memory import Memory
from registry.verifier.verify import Papers, authenticate, read_trust
from registry.waterfall import Party, Policy

FEN_PER_YUAN = 100


def _trust_text() -> str:
    document = TrustDocument.objects.first()
    return document.text if document else ""


def _trust() -> claims.Trust:
    """The trust document in force, checked against the root. Raises Refused, SignerError."""
    document = jws.decode(_trust_text(), typ=claims.TRUST_TYPE)
    return read_trust(document, root=signer().public_key("root"), memory=Memory())


def gate_link(subject: Subject) -> Link:
    """The certificate's two signatures verified, and what it says compared with the rows."""
    gate = subject.gate
    try:
        says = certificates.verify(gate.certificate, _trust())
        signed = Evidence("certificate", _("Signatures of both arms"), _("verified"), ok=True)
    except (Refused, SignerError) as error:
        says = {}
        signed = Evidence("certificate", _("Signatures of both arms"), str(error), ok=False)
    same_root = says.get("manifest_root") == gate.manifest_root == subject.checkpoint.manifest_root
    digest = digest_of(gate.snapshot)
    consents = gate.consents.filter(verdict="consent", snapshot_digest=digest).count()
    awaited = gate.snapshot.contributions.values("institution").distinct().count()
    facts = (
        signed,
        Evidence("certified_root", _("Certified manifest root"), gate.manifest_root, ok=same_root),
        Evidence(
            "snapshot",
            _("Contributions, hashed again"),
            digest,
            ok=digest == gate.snapshot.digest == says.get("snapshot"),
        ),
        Evidence(
            "consents",
            _("Institutions that consented"),
            _("%(given)s of %(all)s") % {"given": consents, "all": awaited},
            ok=consents == awaited,
        ),
    )
    return Link(
        "gate",
        _("Transfer gate"),
        _("Technology transfer"),
        gate.number,
        gate.get_absolute_url(),
        facts,
    )


def offering_link(subject: Subject) -> Link:
    offering = subject.offering
    was_offered = offering.state != CommercialOffering.State.DRAFT
    facts = (
        Evidence("state", _("State"), offering.get_state_display(), ok=was_offered),
        Evidence("gate", _("Offers what passed"), subject.gate.number),
    )
    return Link(
        "offering",
        _("Offering"),
        offering.title,
        offering.code,
        offering.get_absolute_url(),
        facts,
    )


def licence_link(subject: Subject) -> Link:
    """The agreement hashed again, both signatures to it, and the token verified by the keys."""
    licence = subject.licence
    digest = agreements.digest(licence.document)
    sides = licence.signatures.filter(document_sha256=digest).values("side").distinct().count()
    facts = (
        Evidence("state", _("State"), licence.get_state_display()),
        Evidence(
            "agreement",
            _("Agreement, hashed again"),
            digest,
            ok=digest == licence.document_sha256,
        ),
        Evidence(
            "signatures",
            _("Signed by"),
            _("%(count)s of 2 sides") % {"count": sides},
            ok=sides == 2,  # noqa: PLR2004  licensor and licensee
        ),
        _token_evidence(subject),
    )
    return Link(
        "licence",
        _("Licence"),
        licence.licensee.name,
        licence.number,
        licence.get_absolute_url(),
        facts,
    )


def _token_evidence(subject: Subject) -> Evidence:
    label = _("Licence file")
    try:
        says = _papers(subject.licence).licence
    except (Refused, SignerError) as error:
        return Evidence("licence_file", label, str(error), ok=False)
    agrees = (
        says["jti"] == subject.licence.number
        and says["agr"]["sha256"] == subject.licence.document_sha256
        and [model["root"] for model in says["models"]] == [subject.gate.manifest_root]
    )
    value = _("verified") if agrees else _("says something else")
    return Evidence("licence_file", label, value, ok=agrees)


def _papers(licence: Licence) -> Papers:
    """The licence file's papers with their signatures checked, whatever their standing."""
    newest = StatusList.objects.filter(name=licence.status_list).first()
    papers = Bundle(_trust_text(), licence.token, newest.text if newest else "")
    return authenticate(papers, root=signer().public_key("root"), memory=Memory())


def metered_link(subject: Subject) -> Link:  # noqa: ARG001  all links take it
    """No usage report can come in yet; this says so rather than nothing."""
    facts = (Evidence("reports", _("Usage reports"), "0"),)
    return Link("metered_use", _("Metered use"), _("No use has been reported"), "", "", facts)


def receipts_link(subject: Subject) -> Link:
    """Every statement computed again from the pinned policy and snapshots, every posting found,
    and the clearing account empty."""
    statements = list(
        RevenueStatement.objects.filter(receipt__licence=subject.licence)
        .select_related("receipt")
        .prefetch_related("lines__institution")
        .order_by("pk")
    )
    net = sum(statement.net_fen for statement in statements)
    shared = sum(line.amount_fen for s in statements for line in s.lines.all())
    facts = [
        Evidence("receipts", _("Receipts"), str(len(statements))),
        Evidence("net", _("Net income"), _yuan(net)),
    ]
    if statements:
        wrong = [s.number for s in statements if not _computes(subject, s)]
        unposted = [s.number for s in statements if not _posted(s)]
        facts += [
            Evidence("shared", _("Shared"), _yuan(shared), ok=shared == net),
            Evidence(
                "waterfall",
                _("Shares, computed again"),
                ", ".join(wrong) or _("equal"),
                ok=not wrong,
            ),
            Evidence(
                "postings",
                _("Postings in the ledger"),
                ", ".join(unposted) or _("all found"),
                ok=not unposted,
            ),
            _clearing_evidence(subject.licence),
        ]
    last = statements[-1] if statements else None
    return Link(
        "receipts",
        _("Receipts and shares"),
        _("Income shared with the contributors") if last else _("No income yet"),
        last.number if last else "",
        last.get_absolute_url() if last else "",
        tuple(facts),
    )


def _computes(subject: Subject, statement: RevenueStatement) -> bool:
    """Whether the waterfall gives every party of the statement what its line says."""
    assert subject.licence.policy is not None
    policy = Policy.from_json(subject.licence.policy.rules)
    parts = waterfall.entitlements(
        statement.net_fen, policy, nodes_behind(subject.gate), subject.checkpoint.number
    )
    lines = {
        Party(line.party, line.institution_id or 0): line.exact for line in statement.lines.all()
    }
    said = {party: share for party, share in lines.items() if share}
    sums = sum(line.amount_fen for line in statement.lines.all())
    return said == waterfall.by_party(parts) and sums == statement.net_fen


def _posted(statement: RevenueStatement) -> bool:
    """Whether each line's transfer moved its amount, and the lines that moved none are zero."""
    lines = list(statement.lines.all())
    keys = [line.transfer for line in lines if line.transfer]
    amounts = dict(Transfer.objects.filter(pk__in=keys).values_list("pk", "amount"))
    return all(
        amounts.get(line.transfer) == abs(line.amount_fen) if line.transfer else not line.amount_fen
        for line in lines
    )


def _clearing_evidence(licence: Licence) -> Evidence:
    owner = f"{licence._meta.label_lower}:{licence.pk}"  # as the ledger names it
    account = Account.objects.filter(unit=Unit.FEN, kind=Account.Kind.CLEARING, owner=owner).first()
    rows = Transfer.objects
    came = rows.filter(credit=account).aggregate(n=Sum("amount", default=0))["n"]
    went = rows.filter(debit=account).aggregate(n=Sum("amount", default=0))["n"]
    label = _("Left in clearing")
    return Evidence("clearing", label, _yuan(came - went), ok=account is not None and came == went)


def _yuan(fen: int | Fraction) -> str:
    whole, rest = divmod(int(fen), FEN_PER_YUAN)
    return f"¥{whole:,}.{rest:02d}"
