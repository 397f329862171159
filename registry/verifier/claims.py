"""The claims of the three documents: what each must hold, exactly, and no more."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from .codes import Code, Refused
from .jws import b64decode, key_id

ISSUER = "omic"
TRUST_TYPE = "omic-trust+jws"
LICENCE_TYPE = "omic-licence+jws"
STATUS_TYPE = "omic-status+jws"
BIND_KINDS = frozenset({"none", "hosts"})
KEY_USES = frozenset({"issuer", "revocation", "gate-research", "gate-deployment"})
_HEX64 = re.compile(r"[0-9a-f]{64}")

Check = Callable[[Any], bool]
Shape = Mapping[str, Check]


def is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def is_text(value: Any) -> bool:
    return isinstance(value, str)


def is_flag(value: Any) -> bool:
    return isinstance(value, bool)


def is_sha256(value: Any) -> bool:
    return isinstance(value, str) and _HEX64.fullmatch(value) is not None


def is_issuer(value: Any) -> bool:
    return is_text(value) and value == ISSUER


def is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(is_text(item) for item in value)


def _is_list(value: Any) -> bool:
    return isinstance(value, list)


def _is_object(value: Any) -> bool:
    return isinstance(value, dict)


def check(value: Any, shape: Shape, where: str) -> None:
    """Raise Refused(BAD_CLAIMS) unless `value` has exactly the keys of `shape`, each right."""
    if not isinstance(value, dict) or value.keys() != shape.keys():
        raise Refused(Code.BAD_CLAIMS, f"{where} must hold {', '.join(sorted(shape))}")
    for name, right in shape.items():
        if not right(value[name]):
            raise Refused(Code.BAD_CLAIMS, f"{where}.{name} is not what it must be")


TRUST: Shape = {
    "iss": is_issuer,
    "iat": is_count,
    "ver": is_count,
    "keys": _is_list,
}
TRUST_KEY: Shape = {
    "kid": is_text,
    "x": is_text,
    "use": lambda value: is_text(value) and value in KEY_USES,
    "nbf": is_count,
    "exp": is_count,
    "compromised_after": lambda value: value is None or is_count(value),
}
STATUS: Shape = {
    "iss": is_issuer,
    "iat": is_count,
    "next": is_count,
    "list": is_text,
    "epoch": is_count,
    "bits": lambda value: is_count(value) and value == 2,  # noqa: PLR2004  the one format
    "lst": is_text,
}
LICENCE: Shape = {
    "iss": is_issuer,
    "jti": is_text,
    "iat": is_count,
    "nbf": is_count,
    "exp": is_count,
    "grace": is_count,
    "sub": _is_object,
    "agr": _is_object,
    "models": lambda value: _is_list(value) and len(value) > 0,
    "ent": _is_object,
    "use": _is_object,
    "bind": _is_object,
    "rev": _is_object,
    "meter": _is_object,
}
LICENCE_PARTS: Mapping[str, Shape] = {
    "sub": {"id": is_text, "name": is_text},
    "agr": {"id": is_text, "revision": is_count, "sha256": is_sha256, "template": is_text},
    "ent": {
        "nodes": is_count,
        "cards": is_count,
        "card_classes": is_texts,
        "sites": is_texts,
        "finetune": is_flag,
        "sublicense_depth": is_count,
        "concurrency": is_count,
    },
    "use": {
        "fields": is_texts,
        "regions": is_texts,
        "public_facing": is_flag,
        "filing": is_text,
        "obligations": is_texts,
    },
    "bind": {"kind": lambda value: is_text(value) and value in BIND_KINDS, "hosts": is_texts},
    "rev": {
        "list": is_text,
        "index": is_count,
        "epoch": is_count,
        "max_age": is_count,
        "grace": is_count,
    },
    "meter": {"unit": is_text, "period": is_text, "key": is_text},
}
MODEL: Shape = {
    "id": is_text,
    "version": is_text,
    "updates": is_text,
    "root": is_sha256,
    "bytes": is_count,
}


@dataclass(frozen=True, slots=True)
class Key:
    """One key of the trust document. `use`: issuer, revocation, or an arm's gate key."""

    kid: str
    public: bytes
    use: str
    nbf: int
    exp: int
    compromised_after: int | None

    def check_for(self, use: str, at: int) -> None:
        """Raise Refused unless the key may sign for `use` at `at` (seconds since 1970)."""
        if self.use != use:
            raise Refused(Code.WRONG_KEY_USE, f"a key for {self.use} cannot sign for {use}")
        if not self.nbf <= at < self.exp:
            raise Refused(Code.KEY_OUTSIDE_WINDOW, f"key {self.kid}")
        if self.compromised_after is not None and at >= self.compromised_after:
            raise Refused(Code.KEY_COMPROMISED, f"key {self.kid}")


@dataclass(frozen=True, slots=True)
class Trust:
    """The trust document: which key may sign what, and when."""

    version: int
    iat: int
    keys: Mapping[str, Key]

    def key(self, kid: str) -> Key:
        try:
            return self.keys[kid]
        except KeyError:
            raise Refused(Code.UNKNOWN_KEY, f"key {kid[:40]}") from None


def read_trust(claims: dict[str, Any]) -> Trust:
    """The trust document from its claims. Raises Refused(BAD_CLAIMS)."""
    check(claims, TRUST, "trust")
    keys: dict[str, Key] = {}
    for row in claims["keys"]:
        check(row, TRUST_KEY, "trust.keys")
        public = b64decode(row["x"])
        if row["kid"] != key_id(public) or row["kid"] in keys:
            raise Refused(Code.BAD_CLAIMS, "a key's id must follow from it and stand once")
        keys[row["kid"]] = Key(
            row["kid"], public, row["use"], row["nbf"], row["exp"], row["compromised_after"]
        )
    return Trust(claims["ver"], claims["iat"], keys)


def check_licence(claims: dict[str, Any]) -> None:
    """Raise Refused(BAD_CLAIMS) unless the claims are a licence's, to the last key."""
    check(claims, LICENCE, "licence")
    for part, shape in LICENCE_PARTS.items():
        check(claims[part], shape, part)
    for model in claims["models"]:
        check(model, MODEL, "models")
    if claims["exp"] <= claims["nbf"]:
        raise Refused(Code.BAD_CLAIMS, "a licence must end after it begins")


def check_status(claims: dict[str, Any]) -> None:
    check(claims, STATUS, "status")
