"""Judging one paper, for the verifier's tests."""

from registry.verifier.memory import Memory
from registry.verifier.verify import verify
from tests.registry.verifier.papers import NOW


def judge(maker, data, *, now=NOW, memory=None, use=None):
    return verify(data, root=maker.root_key, now=now, memory=memory or Memory(), use=use)


def code(maker, data, **how):
    return judge(maker, data, **how).code
