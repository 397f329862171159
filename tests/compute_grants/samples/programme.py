"""Samples of the programme's rules."""

from tests.factories.consortium import member, research_officer
from tests.samples import Samples


def samples() -> Samples:
    return {
        "compute_grants:programme_list": ({}, member()),
        "compute_grants:programme_kind": ({"kind": "reclaim"}, member()),
        "compute_grants:programme_publish": ({"kind": "release_schedule"}, research_officer()),
        "api:programme-versions": ({"kind": "extension"}, member()),
    }
