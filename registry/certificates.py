"""The gate certificate: a JSON JWS that counts only with the signatures of both arms' keys.

RFC 7515, general JSON serialisation, with the strict encoding of registry.verifier.jws.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from registry.verifier import jws
from registry.verifier.claims import Trust
from registry.verifier.codes import Code, Refused

TYPE = "omic-gate+jws"
USES = frozenset({"gate-research", "gate-deployment"})


@dataclass(frozen=True, slots=True)
class SigningKey:
    kid: str
    sign: jws.Sign


def encode(payload: dict[str, Any], keys: Sequence[SigningKey]) -> str:
    body = jws.b64encode(jws.canonical(payload))
    signatures = []
    for key in keys:
        protected = jws.protected(key.kid, TYPE)
        signature = key.sign(f"{protected}.{body}".encode())
        signatures.append({"protected": protected, "signature": jws.b64encode(signature)})
    return jws.canonical({"payload": body, "signatures": signatures}).decode()


def verify(text: str, trust: Trust) -> dict[str, Any]:
    """What the certificate says. Raises Refused unless exactly both arms' keys signed it."""
    whole = jws.strict_json(text.encode())
    if whole.keys() != {"payload", "signatures"} or not isinstance(whole["signatures"], list):
        raise Refused(Code.BAD_CLAIMS, "a certificate holds a payload and signatures")
    payload = jws.strict_json(jws.b64decode(str(whole["payload"])))
    if not isinstance(payload.get("iat"), int):
        raise Refused(Code.BAD_CLAIMS, "a certificate says when it was issued")
    uses = [_signer(row, whole["payload"], payload, trust) for row in whole["signatures"]]
    if len(uses) != len(USES) or set(uses) != USES:
        raise Refused(Code.BAD_SIGNATURE, "both arms must have signed, once each")
    return payload


def _signer(row: Any, body: str, payload: dict[str, Any], trust: Trust) -> str:
    """The use of the key behind one signature, once that signature is verified."""
    if not isinstance(row, dict) or row.keys() != {"protected", "signature"}:
        raise Refused(Code.BAD_CLAIMS, "a signature holds protected and signature")
    key = trust.key(jws.header_kid(str(row["protected"]), TYPE))
    if key.use not in USES:
        raise Refused(Code.WRONG_KEY_USE, f"a key for {key.use} cannot sign a certificate")
    key.check_for(key.use, payload["iat"])
    signature = jws.signature_bytes(str(row["signature"]))
    token = jws.Jws(key.kid, payload, f"{row['protected']}.{body}".encode(), signature)
    token.check_signature(key.public)
    return key.use


def pretty(text: str) -> str:
    """For reading only: what the certificate says, decoded and indented."""
    whole = json.loads(text)
    return json.dumps(
        jws.strict_json(jws.b64decode(whole["payload"])), ensure_ascii=False, indent=2
    )
