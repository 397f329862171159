"""What each score of a criterion means.

A criterion's anchors are one text: "0 cannot work; 3 credible plan; 5 shown at scale", or one
score a line. Scores that it leaves out mean what the words below say.
"""

import re

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

SCORES = range(6)
WORDS: tuple[str | Promise, ...] = (
    _("not addressed, or fails"),
    _("poor"),
    _("weak"),
    _("good"),
    _("very good"),
    _("outstanding"),
)
_ANCHOR = re.compile(
    r"(?:^|[\n;,；，])\s*([0-5])\s*[:：=-]?\s*([^;\n；]+?)(?=\s*(?:$|[\n;；]|[,，]\s*[0-5]))"
)


def anchors(text: str) -> dict[int, str]:
    """The words for every score, 0 to 5."""
    given = {int(score): words.strip() for score, words in _ANCHOR.findall(text)}
    return {score: given.get(score) or str(WORDS[score]) for score in SCORES}
