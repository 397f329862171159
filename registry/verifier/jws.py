"""The strict codec: canonical JSON, canonical base64url, and JWS signed by Ed25519 alone.

RFC 7515 with "Ed25519" of RFC 9864. Everything has one encoding: whatever decodes here
encodes to the very same bytes, so nothing can be changed and still be accepted.
"""

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from .codes import Code, Refused

ALGORITHM = "Ed25519"
SIGNATURE_BYTES = 64
LARGEST_INTEGER = 2**53 - 1  # what every JSON reader keeps exact
_ALPHABET = re.compile(r"[A-Za-z0-9_-]+")

Sign = Callable[[bytes], bytes]


def b64encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def b64decode(text: str) -> bytes:
    """Strict base64url without padding. Raises Refused(BAD_ENCODING)."""
    if not _ALPHABET.fullmatch(text):
        raise Refused(Code.BAD_ENCODING, "not base64url")
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error:
        raise Refused(Code.BAD_ENCODING, "not base64url") from None
    if b64encode(data) != text:
        raise Refused(Code.BAD_ENCODING, "base64url with stray bits")
    return data


def canonical(value: Any) -> bytes:
    """JSON with sorted keys and no white space, as UTF-8."""
    text = json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )
    return text.encode()


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Refused(Code.BAD_JSON, "a key stands twice")
    return found


def _no_fraction(text: str) -> Any:
    raise Refused(Code.BAD_JSON, f"{text[:20]} is not an integer")


def _integer(text: str) -> int:
    if len(text) > 17 or abs(int(text)) > LARGEST_INTEGER:  # noqa: PLR2004  digits of 2**53, sign
        raise Refused(Code.BAD_JSON, "an integer is too large")
    return int(text)


def strict_json(data: bytes) -> dict[str, Any]:
    """One JSON object in canonical form: no key twice, integers only. Raises Refused."""
    try:
        value = json.loads(
            data.decode(),
            object_pairs_hook=_once,
            parse_float=_no_fraction,
            parse_constant=_no_fraction,
            parse_int=_integer,
        )
        exact = canonical(value) == data
    except (ValueError, RecursionError):
        raise Refused(Code.BAD_JSON, "not JSON") from None
    if not isinstance(value, dict):
        raise Refused(Code.BAD_JSON, "not an object")
    if not exact:
        raise Refused(Code.BAD_JSON, "not canonical")
    return value


def key_id(public_key: bytes) -> str:
    """A key's id follows from the key: the first 128 bits of its sha256, in hex."""
    return hashlib.sha256(public_key).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Jws:
    """A token taken apart. Nothing in it may be believed before `check_signature`."""

    kid: str
    payload: dict[str, Any]
    signed: bytes
    signature: bytes

    def check_signature(self, public_key: bytes) -> None:
        """Raises Refused(BAD_SIGNATURE) unless `public_key` (32 bytes) made the signature."""
        try:
            key = Ed25519PublicKey.from_public_bytes(public_key)
            key.verify(self.signature, self.signed)
        except (InvalidSignature, ValueError):
            raise Refused(Code.BAD_SIGNATURE) from None


def protected(kid: str, typ: str) -> str:
    return b64encode(canonical({"alg": ALGORITHM, "kid": kid, "typ": typ}))


def header_kid(text: str, typ: str) -> str:
    """The key id of a protected header that is exactly {alg, kid, typ}. Raises Refused."""
    header = strict_json(b64decode(text))
    if header.keys() != {"alg", "kid", "typ"}:
        raise Refused(Code.BAD_HEADER, "the header must hold alg, kid and typ, and no more")
    if header["alg"] != ALGORITHM or header["typ"] != typ:
        raise Refused(Code.BAD_HEADER, f"the header must say {ALGORITHM} and {typ}")
    if not isinstance(header["kid"], str):
        raise Refused(Code.BAD_HEADER, "kid must be a text")
    return header["kid"]


def signature_bytes(text: str) -> bytes:
    signature = b64decode(text)
    if len(signature) != SIGNATURE_BYTES:
        raise Refused(Code.BAD_ENCODING, "a signature has 64 bytes")
    return signature


def encode(payload: dict[str, Any], *, typ: str, kid: str, sign: Sign) -> str:
    """A compact JWS over the canonical form of `payload`."""
    body = canonical(payload)
    strict_json(body)  # never sign what no verifier would read
    signed = f"{protected(kid, typ)}.{b64encode(body)}"
    return f"{signed}.{b64encode(sign(signed.encode()))}"


def decode(token: str, *, typ: str) -> Jws:
    """Take a compact JWS apart. Raises Refused; checks no signature."""
    parts = token.split(".")
    if len(parts) != 3:  # noqa: PLR2004  header, payload, signature
        raise Refused(Code.BAD_ENCODING, "a token has three parts")
    kid = header_kid(parts[0], typ)
    payload = strict_json(b64decode(parts[1]))
    signature = signature_bytes(parts[2])
    return Jws(kid, payload, f"{parts[0]}.{parts[1]}".encode(), signature)
