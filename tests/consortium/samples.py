"""Samples of the consortium's routes. See tests/samples.py."""

from tests.samples import Samples


def samples() -> Samples:
    return {}
