"""What the gate's papers are checked against."""

from consortium.backends.signer import signer
from registry.actions import trust
from registry.models import (
    TransferGate,
)
from registry.verifier import claims, jws
from registry.verifier.memory import Memory
from registry.verifier.verify import read_trust

State = TransferGate.State


def trusted():
    document = jws.decode(trust.trust_text(), typ=claims.TRUST_TYPE)
    return read_trust(document, root=signer().public_key("root"), memory=Memory())
