"""Whatever is done to a licence file, it is not accepted. PORTAL_TEST_MUTATIONS=1000000 soaks."""

import os
import random

import pytest

from registry.verifier import claims, jws
from registry.verifier.codes import Code
from registry.verifier.memory import Memory
from registry.verifier.verify import verify
from tests.registry.verifier.papers import NOW, Maker

MUTATIONS = int(os.environ.get("PORTAL_TEST_MUTATIONS", "20000"))
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def accepted(data, root):
    return verify(data, root=root, now=NOW, memory=Memory(), use=None).code is Code.OK


class Mutator:
    """Changes a file at random; every method returns other bytes than it was given."""

    def __init__(self, rng):
        self.rng = rng
        self.mine, self.other = Maker(), Maker()
        self.good = self.mine.bundle()
        self.foreign = self.other.bundle()

    def one(self):
        kinds = [
            *(self.flip_bit, self.replace_character, self.truncate, self.insert, self.delete),
            *(self.swap_segments, self.swap_lines, self.splice_foreign, self.edit_json),
            *(self.edit_and_resign_with_another_key, self.repeat_key, self.make_float),
            *(self.confuse_keys, self.change_header, self.pad),
        ]
        data = self.rng.choice(kinds)()
        if self.rng.random() < 0.2 and data:
            data = self.flip_bit(data)
        return data

    def flip_bit(self, data=None):
        data = bytearray(data or self.good)
        data[self.rng.randrange(len(data))] ^= 1 << self.rng.randrange(8)
        return bytes(data)

    def replace_character(self):
        data = bytearray(self.good)
        at = self.rng.randrange(len(data))
        choices = [c for c in ALPHABET if ord(c) != data[at]]
        data[at] = ord(self.rng.choice(choices))
        return bytes(data)

    def truncate(self):
        return self.good[: self.rng.randrange(len(self.good))]

    def insert(self):
        at = self.rng.randrange(len(self.good) + 1)
        return self.good[:at] + self.rng.randbytes(self.rng.randint(1, 5)) + self.good[at:]

    def delete(self):
        at = self.rng.randrange(len(self.good))
        return self.good[:at] + self.good[at + self.rng.randint(1, 9) :]

    def pad(self):
        return self.good.replace(b"\n", self.rng.choice([b"=\n", b" \n", b"\r\n", b"\n\n"]), 1)

    def _parts(self):
        return [line.split(".") for line in self.good.decode().split("\n")[:-1]]

    def _join(self, parts):
        return "".join(".".join(line) + "\n" for line in parts).encode()

    def swap_segments(self):
        parts = self._parts()
        (a, i), (b, j) = self.rng.sample([(n, m) for n in range(3) for m in range(3)], 2)
        parts[a][i], parts[b][j] = parts[b][j], parts[a][i]
        return self._join(parts)

    def swap_lines(self):
        lines = self.good.decode().split("\n")[:-1]
        a, b = self.rng.sample(range(3), 2)
        lines[a], lines[b] = lines[b], lines[a]
        return ("\n".join(lines) + "\n").encode()

    def splice_foreign(self):
        """Some papers or segments of another root's validly signed file."""
        parts = self._parts()
        theirs = [line.split(".") for line in self.foreign.decode().split("\n")[:-1]]
        for n, m in self.rng.sample([(n, m) for n in range(3) for m in range(3)], 4):
            parts[n][m] = theirs[n][m]
        return self._join(parts)

    def _edited(self, line):
        """The claims of one paper with a leaf changed to another value of its type."""
        payload = jws.strict_json(jws.b64decode(self._parts()[line][1]))
        before = jws.canonical(payload)
        while jws.canonical(payload) == before:
            self._change_leaf(payload)
        return payload

    def _change_leaf(self, node):
        key = self.rng.choice(list(node) if isinstance(node, dict) else range(len(node)))
        value = node[key]
        if isinstance(value, dict | list) and value:
            self._change_leaf(value)
        elif isinstance(value, bool):
            node[key] = not value
        elif isinstance(value, int):
            node[key] = value + self.rng.choice([1, 10**6, -1])
        else:
            node[key] = self.rng.choice(["", "x", "omic-1", 0, None, [], {}])

    def edit_json(self):
        parts, line = self._parts(), self.rng.randrange(3)
        parts[line][1] = jws.b64encode(jws.canonical(self._edited(line)))
        return self._join(parts)

    def edit_and_resign_with_another_key(self):
        """A right header, wrong claims, and the signature of a key that may not."""
        parts, line = self._parts(), self.rng.randrange(3)
        body = jws.b64encode(jws.canonical(self._edited(line)))
        allowed = (self.mine.root, self.mine.issuer, self.mine.revocation)[line]
        keys = [self.mine.root, self.mine.issuer, self.mine.revocation, self.other.issuer]
        key = self.rng.choice([key for key in keys if key is not allowed])
        signed = f"{parts[line][0]}.{body}"
        parts[line] = [parts[line][0], body, jws.b64encode(key.sign(signed.encode()))]
        return self._join(parts)

    def confuse_keys(self):
        """Each paper validly signed, but one by a key of another use."""
        uses = [self.mine.root, self.mine.issuer, self.mine.revocation]
        line = self.rng.randrange(3)
        key = self.rng.choice([key for n, key in enumerate(uses) if n != line])
        payload = (
            *(self.mine.trust_claims(), self.mine.licence_claims(), self.mine.status_claims()),
        )[line]
        typ = (claims.TRUST_TYPE, claims.LICENCE_TYPE, claims.STATUS_TYPE)[line]
        parts = self._parts()
        parts[line] = self.mine.token(payload, typ, key).split(".")
        return self._join(parts)

    def _signed_raw(self, line, header, body):
        parts = self._parts()
        key = (self.mine.root, self.mine.issuer, self.mine.revocation)[line]
        signed = f"{jws.b64encode(header)}.{jws.b64encode(body)}"
        parts[line] = [*signed.split("."), jws.b64encode(key.sign(signed.encode()))]
        return self._join(parts)

    def repeat_key(self):
        """A key twice, and the right key's signature over it."""
        line = self.rng.randrange(3)
        header, body = (jws.b64decode(part) for part in self._parts()[line][:2])
        if self.rng.random() < 0.5:
            header = header[:-1] + b',"alg":"Ed25519"}'
        else:
            body = body[:-1] + b',"iat":1}'
        return self._signed_raw(line, header, body)

    def make_float(self):
        line = self.rng.randrange(3)
        header, body = (jws.b64decode(part) for part in self._parts()[line][:2])
        payload = jws.strict_json(body)
        number = str(payload["iat"]).encode()
        other = self.rng.choice([number + b".0", number + b"e0", b"1.5", b"NaN", b"-Infinity"])
        return self._signed_raw(line, header, body.replace(b'"iat":' + number, b'"iat":' + other))

    def change_header(self):
        """A header with something else in it, and the right key's signature over it."""
        line = self.rng.randrange(3)
        header, body = (jws.b64decode(part) for part in self._parts()[line][:2])
        fields = jws.strict_json(header)
        name, value = self.rng.choice(
            [
                *(("alg", "none"), ("alg", "EdDSA"), ("alg", "HS256"), ("typ", "JWT")),
                *(("kid", ""), ("kid", "0" * 32), ("jwk", {}), ("crit", []), ("zip", "DEF")),
            ]
        )
        return self._signed_raw(line, jws.canonical(fields | {name: value}), body)


@pytest.mark.slow
def test_no_mutation_is_accepted():
    rng = random.Random(20261124)  # noqa: S311  repeatable
    mutator = Mutator(rng)
    root = mutator.mine.root_key
    assert accepted(mutator.good, root), "the control: what is not changed is accepted"
    assert accepted(mutator.foreign, mutator.other.root_key)
    wrong = []
    for _i in range(MUTATIONS):
        data = mutator.one()
        if data != mutator.good and accepted(data, root):
            wrong.append(data)
    assert wrong == []
