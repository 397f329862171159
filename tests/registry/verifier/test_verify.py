"""What is read, what is trusted, and which refusal comes for what."""

import dataclasses

import pytest

from registry.verifier import claims, jws
from registry.verifier.bundle import LARGEST_FILE
from registry.verifier.codes import MESSAGES, Code
from registry.verifier.memory import Memory
from registry.verifier.verify import Use
from tests.registry.verifier.judging import code, judge
from tests.registry.verifier.papers import DAY, NOW, ROOT_OF_MODEL, Maker, public

# All in order


def test_a_good_licence_is_good(maker):
    use = Use(manifest_root=ROOT_OF_MODEL, nodes=2, cards=16, field="manufacturing", region="CN")
    verdict = judge(maker, maker.bundle(), use=use)
    assert (verdict.code, verdict.warnings) == (Code.OK, [])
    assert verdict.memory == Memory(NOW, 3, {"omic-1": 7})


def test_every_code_has_its_words_in_both_languages():
    assert set(MESSAGES) == set(Code)
    assert all(english and chinese for english, chinese in MESSAGES.values())
    assert len(set(Code)) == len(Code.__members__)


# Shape


def test_a_file_too_large_is_not_read(maker):
    assert code(maker, b"a" * (LARGEST_FILE + 1)) is Code.TOO_LARGE


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d[:-1],
        lambda d: d + b"\n",
        lambda d: b"\n" + d,
        lambda d: d.replace(b"\n", b"\r\n"),
        lambda d: d.replace(b"\n", b" \n", 1),
        lambda d: d.replace(b".", b"..", 1),
        lambda d: d + d,
        lambda d: d.split(b"\n")[0],
        lambda d: b"",
        lambda d: b"\xff" + d,
        lambda d: d.replace(b".", b"=.", 1),
        lambda d: d.replace(b"e", "é".encode(), 1),
    ],
)
def test_only_the_exact_form_is_read(maker, change):
    assert code(maker, change(maker.bundle())) is Code.BAD_ENCODING


def with_header(maker, header, line=1):
    """The file with one paper's header replaced and the paper signed anew."""
    lines = maker.bundle().decode().split("\n")
    key = (maker.root, maker.issuer, maker.revocation)[line]
    signed = f"{jws.b64encode(header)}.{lines[line].split('.')[1]}"
    lines[line] = f"{signed}.{jws.b64encode(key.sign(signed.encode()))}"
    return "\n".join(lines).encode()


def header_of(maker, **changes):
    kid = jws.key_id(public(maker.issuer))
    return {"alg": "Ed25519", "kid": kid, "typ": claims.LICENCE_TYPE} | changes


@pytest.mark.parametrize(
    "changes",
    [
        {"alg": "none"},
        {"alg": "EdDSA"},
        {"alg": "HS256"},
        {"alg": "ed25519"},
        {"typ": claims.STATUS_TYPE},
        {"typ": "JWT"},
        {"kid": 7},
        {"kid": None},
        {"jwk": {}},
        {"crit": []},
        {"b64": False},
        {"x5u": "https://example.org"},
    ],
)
def test_a_header_holds_exactly_what_it_must(maker, changes):
    header = jws.canonical(header_of(maker, **changes))
    assert code(maker, with_header(maker, header)) is Code.BAD_HEADER


def test_the_control_header_is_accepted(maker):
    assert code(maker, with_header(maker, jws.canonical(header_of(maker)))) is Code.OK


@pytest.mark.parametrize("name", ["alg", "kid", "typ"])
def test_a_header_lacks_nothing(maker, name):
    header = header_of(maker)
    del header[name]
    assert code(maker, with_header(maker, jws.canonical(header))) is Code.BAD_HEADER


@pytest.mark.parametrize(
    "raw",
    [
        b'{"alg":"Ed25519","alg":"Ed25519"}',
        b'{"alg": "Ed25519"}',
        b'{"alg":1.0}',
        b'{"alg":NaN}',
        b'{"alg":1e3}',
        b"[]",
        b"",
        b"{",
        b"\xff\xfe",
        b'{"z":1,"alg":2}',
        b'{"alg":9007199254740992}',
        b'{"alg":"\\u0041"}',
        b'{"alg":"\\ud800"}',
        b"[" * 100_000,
        b'{"a":' * 5000 + b"1" + b"}" * 5000,
        b'{"alg":' + b"9" * 5000 + b"}",
    ],
)
def test_only_strict_json_is_read(maker, raw):
    expected = Code.BAD_JSON if raw else Code.BAD_ENCODING
    assert code(maker, with_header(maker, raw)) is expected


def resigned(maker, payload: bytes, typ=claims.LICENCE_TYPE):
    """The file with the licence's payload replaced by raw bytes, validly signed."""
    lines = maker.bundle().decode().split("\n")
    signed = f"{lines[1].split('.')[0]}.{jws.b64encode(payload)}"
    lines[1] = f"{signed}.{jws.b64encode(maker.issuer.sign(signed.encode()))}"
    return "\n".join(lines).encode()


def test_a_signed_payload_with_a_key_twice_is_refused(maker):
    body = jws.canonical(maker.licence_claims())
    assert code(maker, resigned(maker, body)) is Code.OK
    twice = body[:-1] + b',"use":{}}'
    assert code(maker, resigned(maker, twice)) is Code.BAD_JSON


def test_a_signed_payload_with_a_float_is_refused(maker):
    body = jws.canonical(maker.licence_claims()).replace(b'"nodes":2', b'"nodes":2.0')
    assert code(maker, resigned(maker, body)) is Code.BAD_JSON


@pytest.mark.parametrize(
    "changes",
    [
        {"extra": 1},
        {"iss": "other"},
        {"iss": None},
        {"models": []},
        {"models": [{}]},
        {"exp": NOW - 20 * DAY},
        {"nbf": -1},
        {"grace": True},
        {"jti": 5},
        {"sub": {"id": "acme"}},
        {"bind": {"kind": "dongle", "hosts": []}},
        {"use": {}},
        {"rev": None},
    ],
)
def test_claims_are_checked_to_the_last(maker, changes):
    assert code(maker, maker.bundle(licence=changes)) is Code.BAD_CLAIMS


@pytest.mark.parametrize("name", sorted(claims.LICENCE))
def test_no_claim_may_be_missing(maker, name):
    payload = maker.licence_claims()
    del payload[name]
    assert code(maker, resigned(maker, jws.canonical(payload))) is Code.BAD_CLAIMS


# Trust


def test_another_root_is_not_trusted(maker):
    assert code(Maker(), maker.bundle()) is Code.UNTRUSTED


def test_a_trust_document_by_another_key_is_not_trusted(maker):
    other = Maker(issuer=maker.issuer, revocation=maker.revocation)
    lines = maker.bundle().decode().split("\n")
    forged = other.token(other.trust_claims(), claims.TRUST_TYPE, other.root)
    assert code(maker, "\n".join([forged, *lines[1:]]).encode()) is Code.UNTRUSTED
    header = lines[0].split(".")[0]
    _h, payload, signature = forged.split(".")
    relabelled = f"{header}.{payload}.{signature}"
    assert code(maker, "\n".join([relabelled, *lines[1:]]).encode()) is Code.UNTRUSTED


def test_an_older_trust_document_is_refused(maker):
    memory = Memory(version=4)
    assert code(maker, maker.bundle(), memory=memory) is Code.TRUST_ROLLBACK
    assert code(maker, maker.bundle(trust={"ver": 4}), memory=memory) is Code.OK


def test_an_unknown_key_is_refused(maker):
    keys = [maker.key_row(maker.revocation, "revocation")]
    assert code(maker, maker.bundle(trust={"keys": keys})) is Code.UNKNOWN_KEY


@pytest.mark.parametrize("use", ["revocation", "gate-research", "gate-deployment"])
def test_keys_do_not_cross_uses(maker, use):
    keys = [maker.key_row(maker.issuer, use), maker.key_row(maker.revocation, "revocation")]
    assert code(maker, maker.bundle(trust={"keys": keys})) is Code.WRONG_KEY_USE


def test_an_issuer_key_cannot_sign_a_status_list(maker):
    crossed = dataclasses.replace(maker, revocation=maker.issuer)
    keys = maker.trust_claims()["keys"]
    assert code(maker, crossed.bundle(trust={"keys": keys})) is Code.WRONG_KEY_USE


def test_two_keys_cannot_share_an_id(maker):
    row = maker.key_row(maker.issuer, "issuer")
    keys = [row, row, maker.key_row(maker.revocation, "revocation")]
    assert code(maker, maker.bundle(trust={"keys": keys})) is Code.BAD_CLAIMS
    other = maker.key_row(maker.revocation, "revocation", kid=row["kid"])
    assert code(maker, maker.bundle(trust={"keys": [row, other]})) is Code.BAD_CLAIMS


@pytest.mark.parametrize(
    ("window", "expected"),
    [
        ({"nbf": NOW - 5 * DAY}, Code.KEY_OUTSIDE_WINDOW),
        ({"exp": NOW - 20 * DAY}, Code.KEY_OUTSIDE_WINDOW),
        ({"exp": NOW - 5 * DAY}, Code.OK),
        ({"compromised_after": NOW - 20 * DAY}, Code.KEY_COMPROMISED),
        ({"compromised_after": NOW - 5 * DAY}, Code.OK),
    ],
)
def test_a_keys_window_is_judged_at_the_licences_issue(maker, window, expected):
    keys = [
        maker.key_row(maker.issuer, "issuer", **window),
        maker.key_row(maker.revocation, "revocation"),
    ]
    assert code(maker, maker.bundle(trust={"keys": keys})) is expected


def test_a_changed_claim_breaks_the_signature(maker):
    lines = maker.bundle().decode().split("\n")
    header, _payload, signature = lines[1].split(".")
    payload = jws.b64encode(jws.canonical(maker.licence_claims(exp=NOW + 9999 * DAY)))
    lines[1] = f"{header}.{payload}.{signature}"
    assert code(maker, "\n".join(lines).encode()) is Code.BAD_SIGNATURE
