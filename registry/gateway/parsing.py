"""Reading what a client sent in exactly one way, and writing it anew for MLflow.

Two parsers that read one text differently are a hole: the first checks what the second does not
use. So whatever could be read in two ways is refused, and what goes on is rebuilt from what was
read, never passed through: doubled keys, a body beside a query, JSON in a string, UTF-16,
percent-encoded paths, Protobuf's camelCase names and aliases.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, NoReturn
from urllib.parse import parse_qsl, unquote_to_bytes, urlencode

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from registry.gateway.refusals import Refused

LONGEST_PATH = 1000
_CONTENT_TYPE = re.compile(r"^application/json(;\s*charset=utf-8)?\Z", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_DRIVE = re.compile(r"^[A-Za-z]:")


def odd(message: str | Promise, **values: object) -> NoReturn:
    text = message % values if values else message
    raise Refused(400, "INVALID_PARAMETER_VALUE", text)


def plain_path(path: str) -> str:
    """A path that needs no decoding and has one reading. For everything but artifacts."""
    if "%" in path:
        odd(_("Percent-encoded addresses are not accepted here. Send the plain address."))
    if not path.isascii() or _CONTROL.search(path) or "\\" in path or ";" in path:
        odd(_("This address has characters that are not accepted."))
    if "//" in path or any(part in {".", ".."} for part in path.split("/")):
        odd(_("This address has empty or dotted parts."))
    return path


def artifact_path(encoded: str) -> str:
    """The one path that an encoded artifact path means: relative, clean, stable.

    Raises Refused(400) for anything that could leave its folder or be read in two ways.
    """
    decoded = _decoded(encoded)
    if _decoded(decoded) != decoded:
        odd(_("This path is encoded twice. Encode it once."))
    if len(decoded) > LONGEST_PATH:
        odd(_("This path is longer than %(limit)s characters."), limit=LONGEST_PATH)
    if _CONTROL.search(decoded) or "\\" in decoded:
        odd(_("A path cannot have control characters or backslashes."))
    parts = decoded.split("/")
    if decoded.startswith("/") or any(part in {"", ".", ".."} for part in parts):
        odd(_("A path must be relative, without empty or dotted parts."))
    if _DRIVE.match(decoded) or any(part != part.strip() for part in parts):
        odd(_("A path cannot name a drive, nor begin or end a part with a space."))
    return decoded


def _decoded(text: str) -> str:
    try:
        return unquote_to_bytes(text).decode("utf-8", "strict")
    except UnicodeDecodeError:
        odd(_("This path is not UTF-8."))


def query_pairs(query: bytes, repeated: frozenset[str] = frozenset()) -> dict[str, Any]:
    """The query as a mapping; names in `repeated` give lists. Raises Refused(400)."""
    if not query:
        return {}
    try:
        text = query.decode("ascii")
        pairs = parse_qsl(
            text, keep_blank_values=True, strict_parsing=True, errors="strict", max_num_fields=100
        )
    except ValueError:
        odd(_("The query of this call cannot be read in one way only."))
    found: dict[str, Any] = {}
    for name, value in pairs:
        if "\x00" in value:
            odd(_("A value cannot have a zero byte."))
        if name in repeated:
            found.setdefault(name, []).append(value)
        elif name in found:
            odd(_("“%(name)s” was sent twice. Send it once."), name=name)
        else:
            found[name] = value
    return found


def json_object(body: bytes, content_type: str) -> dict[str, Any]:
    """The JSON object of a body; an empty body is an empty object. Raises Refused(400)."""
    if not body:
        return {}
    if not _CONTENT_TYPE.match(content_type):
        odd(_("Send the body as application/json in UTF-8."))
    try:
        text = body.decode("utf-8", "strict")
        value = json.loads(text, object_pairs_hook=_once, parse_constant=_no_constant)
        again = json.dumps(value, ensure_ascii=False)
        again.encode("utf-8", "strict")  # lone surrogates are no text
    except (ValueError, RecursionError):
        odd(_("The body is not one JSON value in UTF-8."))
    if not isinstance(value, dict):
        odd(_("The body must be a JSON object, not a list or a string."))
    if "\\u0000" in again:
        odd(_("A value cannot have a zero byte."))
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        odd(_("A name stands twice in one JSON object. Send it once."))
    return found


def _no_constant(name: str) -> NoReturn:
    odd(_("%(name)s is not JSON. Send it as a string."), name=name)


def written_query(fields: Mapping[str, Any]) -> str:
    """The query, anew: sorted, each value encoded the one way."""
    return urlencode(sorted(fields.items()), doseq=True)


def written_body(fields: Mapping[str, Any]) -> bytes:
    return json.dumps(fields, separators=(",", ":")).encode("ascii")
