"""A root, its keys and licence files made by hand, without the portal."""

from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from registry.verifier import claims, jws, statuslist
from registry.verifier.bundle import Bundle
from registry.verifier.statuslist import Status

NOW = 1_790_000_000
DAY = 86_400
ROOT_OF_MODEL = "ab" * 32


def public(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


@dataclass
class Maker:
    """Makes every paper; a test changes what it wants to be wrong."""

    root: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    issuer: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    revocation: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    version: int = 3
    epoch: int = 7
    statuses: tuple[Status, ...] = (Status.VALID,) * 8

    @property
    def root_key(self) -> bytes:
        return public(self.root)

    def key_row(self, key: Ed25519PrivateKey, use: str, **changes: Any) -> dict[str, Any]:
        raw = public(key)
        return {
            "kid": jws.key_id(raw),
            "x": jws.b64encode(raw),
            "use": use,
            "nbf": NOW - 400 * DAY,
            "exp": NOW + 4000 * DAY,
            "compromised_after": None,
        } | changes

    def trust_claims(self, **changes: Any) -> dict[str, Any]:
        return {
            "iss": claims.ISSUER,
            "iat": NOW - 300 * DAY,
            "ver": self.version,
            "keys": [
                self.key_row(self.issuer, "issuer"),
                self.key_row(self.revocation, "revocation"),
            ],
        } | changes

    def licence_claims(self, **changes: Any) -> dict[str, Any]:
        base = {
            "iss": claims.ISSUER,
            "jti": "LIC-2026-0001",
            "iat": NOW - 10 * DAY,
            "nbf": NOW - 10 * DAY,
            "exp": NOW + 355 * DAY,
            "grace": 30 * DAY,
            "sub": {"id": "acme", "name": "示例企业"},
            "agr": {"id": "LIC-2026-0001", "revision": 2, "sha256": "cd" * 32, "template": "t-1"},
            "models": [
                {
                    "id": "lab/eyes",
                    "version": "3",
                    "updates": "fixes",
                    "root": ROOT_OF_MODEL,
                    "bytes": 9,
                }
            ],
            "ent": {
                "nodes": 2,
                "cards": 16,
                "card_classes": [],
                "sites": [],
                "finetune": False,
                "sublicense_depth": 0,
                "concurrency": 0,
            },
            "use": {
                "fields": ["manufacturing"],
                "regions": ["CN"],
                "public_facing": False,
                "filing": "",
                "obligations": [],
            },
            "bind": {"kind": "none", "hosts": []},
            "rev": {
                "list": "omic-1",
                "index": 5,
                "epoch": 2,
                "max_age": 30 * DAY,
                "grace": 15 * DAY,
            },
            "meter": {"unit": "card_seconds", "period": "month", "key": ""},
        }
        return base | changes

    def status_claims(self, **changes: Any) -> dict[str, Any]:
        return {
            "iss": claims.ISSUER,
            "iat": NOW - DAY,
            "next": NOW,
            "list": "omic-1",
            "epoch": self.epoch,
            "bits": 2,
            "lst": statuslist.pack(self.statuses),
        } | changes

    def token(self, payload: dict[str, Any], typ: str, key: Ed25519PrivateKey) -> str:
        return jws.encode(payload, typ=typ, kid=jws.key_id(public(key)), sign=key.sign)

    def bundle(
        self,
        *,
        trust: dict[str, Any] | None = None,
        licence: dict[str, Any] | None = None,
        status: dict[str, Any] | None = None,
    ) -> bytes:
        """A licence file; each argument replaces claims of one paper."""
        return (
            Bundle(
                self.token(self.trust_claims(**trust or {}), claims.TRUST_TYPE, self.root),
                self.token(self.licence_claims(**licence or {}), claims.LICENCE_TYPE, self.issuer),
                self.token(self.status_claims(**status or {}), claims.STATUS_TYPE, self.revocation),
            )
            .text()
            .encode()
        )
