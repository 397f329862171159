import stat
from concurrent.futures import ThreadPoolExecutor

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from consortium.backends.signer import FileSigner, SignerError


@pytest.fixture
def keys(tmp_path):
    return FileSigner(tmp_path / "keys")


def test_signs_what_the_public_key_verifies(keys):
    public = Ed25519PublicKey.from_public_bytes(keys.ensure("audit"))
    signature = keys.sign("audit", b"a seal")
    public.verify(signature, b"a seal")
    with pytest.raises(InvalidSignature):
        public.verify(signature, b"another")


def test_ensure_keeps_the_key_that_is_there(keys):
    assert keys.ensure("root") == keys.ensure("root") == keys.public_key("root")


def test_ensure_at_once_from_many_makes_one_key(keys):
    with ThreadPoolExecutor(8) as pool:
        made = set(pool.map(lambda _i: keys.ensure("root"), range(32)))
    assert len(made) == 1
    assert [p.name for p in keys.folder.iterdir()] == ["root.pem"]


def test_nobody_else_may_read_a_key(keys):
    keys.ensure("root")
    assert stat.S_IMODE(keys.folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((keys.folder / "root.pem").stat().st_mode) == 0o600


@pytest.mark.parametrize("name", ["../root", "Root", "", "a/b", "a.b", "-a", "a-", "a--b", "a\n"])
def test_a_name_cannot_leave_the_folder(keys, name):
    with pytest.raises(SignerError, match="not a key's name"):
        keys.ensure(name)


def test_an_unknown_key_says_how_to_make_it(keys):
    with pytest.raises(SignerError, match="init_keys"):
        keys.sign("issuer", b"")


@pytest.mark.parametrize("content", [b"", b"not a key", b"\xff" * 100])
def test_a_broken_key_file_is_said_and_kept(keys, content):
    keys.folder.mkdir()
    path = keys.folder / "root.pem"
    path.write_bytes(content)
    with pytest.raises(SignerError, match="cannot read"):
        keys.ensure("root")
    assert path.read_bytes() == content


def test_a_key_of_another_kind_is_refused(keys):
    keys.folder.mkdir()
    pem = generate_private_key(SECP256R1()).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    (keys.folder / "root.pem").write_bytes(pem)
    with pytest.raises(SignerError, match="not an Ed25519"):
        keys.sign("root", b"")
