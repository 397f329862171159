"""The verification, in its one order. Pure: the clock and the memory are handed in."""

from dataclasses import dataclass, field, replace
from typing import Any

from . import bundle, claims, jws, statuslist
from .codes import Code, Refused
from .memory import Memory

CLOCK_TOLERANCE_S = 300


@dataclass(frozen=True, slots=True)
class Use:
    """What somebody is about to do. None: not asked, so not judged."""

    manifest_root: str | None = None
    host: str | None = None
    nodes: int | None = None
    cards: int | None = None
    field: str | None = None
    region: str | None = None
    public_facing: bool = False


@dataclass(frozen=True, slots=True)
class Papers:
    """The three documents once their signatures are checked."""

    trust: claims.Trust
    licence: dict[str, Any]
    status: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Verdict:
    """code OK or the first refusal; warnings; the papers unless they were not authentic;
    memory: what is known now and must be saved, whatever the code."""

    code: Code
    detail: str
    memory: Memory
    papers: Papers | None = None
    warnings: list[str] = field(default_factory=list)


def verify(data: bytes, *, root: bytes, now: int, memory: Memory, use: Use | None) -> Verdict:
    """Judge a licence file.

    root: the root's 32 public bytes; now: seconds since 1970 by this host's clock;
    use: None judges the licence's own standing and not what it would be used for.
    """
    papers: Papers | None = None
    warnings: list[str] = []
    try:
        papers = authenticate(bundle.read(data), root=root, memory=memory)
        check_list(papers.licence, papers.status, memory)
        memory = learn(memory, papers)
        check_standing(papers, now=now, memory=memory, warnings=warnings)
        if use is not None:
            check_use(papers.licence, use)
    except Refused as refusal:
        return Verdict(refusal.code, refusal.detail, memory, papers, warnings)
    return Verdict(Code.OK, "", replace(memory, floor=max(memory.floor, now)), papers, warnings)


def authenticate(parts: bundle.Bundle, *, root: bytes, memory: Memory) -> Papers:
    """Every shape first, then trust by root, licence by issuer, status by revocation key."""
    trust_jws = jws.decode(parts.trust, typ=claims.TRUST_TYPE)
    licence_jws = jws.decode(parts.licence, typ=claims.LICENCE_TYPE)
    status_jws = jws.decode(parts.status, typ=claims.STATUS_TYPE)
    trust = read_trust(trust_jws, root=root, memory=memory)
    claims.check_licence(licence_jws.payload)
    check_signed_by(trust, licence_jws, "issuer")
    claims.check_status(status_jws.payload)
    check_signed_by(trust, status_jws, "revocation")
    return Papers(trust, licence_jws.payload, status_jws.payload)


def read_trust(document: jws.Jws, *, root: bytes, memory: Memory) -> claims.Trust:
    """The trust document if the root signed it and none newer was seen. Raises Refused."""
    if document.kid != jws.key_id(root):
        raise Refused(Code.UNTRUSTED, "another root")
    try:
        document.check_signature(root)
    except Refused:
        raise Refused(Code.UNTRUSTED, "its signature does not match") from None
    trust = claims.read_trust(document.payload)
    if trust.version < memory.version:
        raise Refused(Code.TRUST_ROLLBACK, f"version {trust.version} after {memory.version}")
    return trust


def check_signed_by(trust: claims.Trust, document: jws.Jws, use: str) -> None:
    key = trust.key(document.kid)
    key.check_for(use, document.payload["iat"])
    document.check_signature(key.public)


def check_list(licence: dict[str, Any], status: dict[str, Any], memory: Memory) -> None:
    """The status list must be the licence's own, and none older than any seen."""
    rev = licence["rev"]
    if status["list"] != rev["list"]:
        raise Refused(Code.WRONG_LIST, f"{status['list'][:40]} for {rev['list']}")
    least = max(memory.epochs.get(rev["list"], 0), rev["epoch"])
    if status["epoch"] < least:
        raise Refused(Code.EPOCH_ROLLBACK, f"epoch {status['epoch']} after {least}")


def learn(memory: Memory, papers: Papers) -> Memory:
    """The memory after authentic papers were seen."""
    iats = (papers.trust.iat, papers.licence["iat"], papers.status["iat"])
    seen = Memory(
        floor=max(iats),
        version=papers.trust.version,
        epochs={papers.status["list"]: papers.status["epoch"]},
    )
    return memory.merged(seen)


_STATUS_CODES = {
    statuslist.Status.REVOKED: Code.REVOKED,
    statuslist.Status.SUSPENDED: Code.SUSPENDED,
    statuslist.Status.SUPERSEDED: Code.SUPERSEDED,
}


def check_standing(papers: Papers, *, now: int, memory: Memory, warnings: list[str]) -> None:
    """Clock, status, begin, staleness, end: in this order."""
    licence, status = papers.licence, papers.status
    if now + CLOCK_TOLERANCE_S < memory.floor:
        raise Refused(Code.CLOCK_ROLLBACK, f"{memory.floor - now} s behind")
    standing = statuslist.status_at(status["lst"], licence["rev"]["index"])
    if standing in _STATUS_CODES:
        raise Refused(_STATUS_CODES[standing])
    if now + CLOCK_TOLERANCE_S < licence["nbf"]:
        raise Refused(Code.NOT_YET_VALID, f"{licence['nbf'] - now} s to go")
    fresh_until = status["iat"] + licence["rev"]["max_age"]
    if now > fresh_until + licence["rev"]["grace"]:
        raise Refused(Code.STATUS_STALE, f"{now - fresh_until} s too old")
    if now > fresh_until:
        warnings.append("STATUS_IN_GRACE")
    if now >= licence["exp"] + licence["grace"]:
        raise Refused(Code.EXPIRED, f"{now - licence['exp']} s ago")
    if now >= licence["exp"]:
        warnings.append("LICENCE_IN_GRACE")


def check_use(licence: dict[str, Any], use: Use) -> None:
    """Model, host, nodes, cards, field, region, service to the public: in this order."""
    roots = {model["root"] for model in licence["models"]}
    if use.manifest_root is not None and use.manifest_root not in roots:
        raise Refused(Code.WRONG_MODEL, f"manifest root {use.manifest_root}")
    if licence["bind"]["kind"] == "hosts" and use.host not in licence["bind"]["hosts"]:
        raise Refused(Code.WRONG_HOST, f"host {use.host}")
    if use.nodes is not None and use.nodes > licence["ent"]["nodes"]:
        raise Refused(Code.TOO_MANY_NODES, f"{use.nodes} of {licence['ent']['nodes']}")
    if use.cards is not None and use.cards > licence["ent"]["cards"]:
        raise Refused(Code.TOO_MANY_CARDS, f"{use.cards} of {licence['ent']['cards']}")
    terms = licence["use"]
    if use.field is not None and use.field not in terms["fields"]:
        raise Refused(Code.FIELD_NOT_ALLOWED, use.field)
    if use.region is not None and use.region not in terms["regions"]:
        raise Refused(Code.REGION_NOT_ALLOWED, use.region)
    if use.public_facing and not (terms["public_facing"] and terms["filing"]):
        raise Refused(Code.FILING_NEEDED)
