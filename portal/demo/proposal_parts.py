"""What stands beside a proposal's text: its team, a scaling table, a figure."""

import io
from math import exp

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image, ImageDraw

from compute_grants.actions import attachments, scaling, team
from compute_grants.models import Proposal, SectionName, TeamMember
from consortium.models import User
from portal.demo.content_proposals import ProposalRow
from portal.demo.people import person

# Who joins whose proposals; all at the lead's own institution.
COLLEAGUES = {
    "zhou.min": "fan.kaiwen",
    "fan.kaiwen": "zhou.min",
    "tang.yuhe": "jiang.chuan",
    "song.yiran": "wei.guang",
    "ding.haoran": "fu.xiaotang",
    "a.novak": "j.field",
    "cheng.yu": "bai.lu",
}
# Share of the full width, and the efficiency measured there against the smallest.
EFFICIENCY = ((8, 1.0), (4, 0.98), (2, 0.95), (1, 0.91))
SMALLEST_RUN_MS = 1_920_000


def invite_colleague(proposal: Proposal, wanted: ProposalRow, lead: User) -> TeamMember:
    colleague = person(COLLEAGUES[wanted.lead])
    return team.invite(proposal, person=colleague, role=TeamMember.Role.CO_INVESTIGATOR, by=lead)


def fill_in(proposal: Proposal, wanted: ProposalRow, lead: User) -> None:
    """A colleague who said yes, a series measured on the machine asked for, and its figure."""
    member = invite_colleague(proposal, wanted, lead)
    team.confirm(member, by=person(COLLEAGUES[wanted.lead]))
    points = [
        (wanted.width // part, int(SMALLEST_RUN_MS * part / 8 / efficiency))
        for part, efficiency in EFFICIENCY
    ]
    scaling.set_series(
        proposal, machine=wanted.machine, precision=wanted.precision, points=points, by=lead
    )
    attachments.attach(
        proposal,
        file=SimpleUploadedFile("pilot-loss.png", _figure(wanted.width)),
        section=SectionName.SCIENCE,
        caption=f"Loss of the pilot run at {wanted.width // 8:,} wide",
        by=lead,
    )


def _figure(width: int) -> bytes:
    """A falling curve, as PNG; no two widths give the same."""
    picture = Image.new("RGB", (640, 400), "white")
    draw = ImageDraw.Draw(picture)
    draw.line([(60, 20), (60, 360), (620, 360)], fill="black", width=2)
    steps = [(60 + x, 340 - int(280 * (1 - exp(-x / (60 + width % 97))))) for x in range(0, 560, 4)]
    draw.line([(x, 400 - y) for x, y in steps], fill=(20, 110, 100), width=3)
    written = io.BytesIO()
    picture.save(written, "PNG")
    return written.getvalue()
