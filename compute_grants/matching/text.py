"""How close a reviewer's field is to a proposal: topics in common, and words in common.

Words are Latin words and pairs of Han characters (which need no dictionary of Chinese words).
Terms are weighed by TF-IDF (Salton and Buckley 1988): (1 + ln tf) x (ln((1 + n) / (1 + df)) + 1),
rows of length 1, so that their product is a cosine between 0 and 1.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy import sparse

TOPIC_WEIGHT = 0.6  # topics are chosen, words only occur
TOP_TERMS = 5
LONGEST_TEXT = 20_000  # characters of one document that are read
_OFTEN = 2  # a keyword used once may be in passing

_RUN = re.compile(r"[a-z][a-z0-9+#-]*[a-z0-9+#]|[\u3400-\u4dbf\u4e00-\u9fff]+")
_HAN = "\u3400"
# Words of grammar and of every proposal: they tell nothing of a field.
_WORDS = """
an and are as at be been but by can each for from has have how in into is it its more most no not
of on or our than that the their them then there these they this those to use used using was we
were what when where which while who will with within would new also such between over per via
both all any other one two first many research study project proposal method methods approach
result results based time work
"""
_PAIRS = """
我们 他们 可以 以及 进行 通过 一个 一种 这个 这些 其中 因此 由于 为了 并且 或者 研究 项目 方法 基于
使用 采用 本项 申请 能够 具有 对于 已经 目前 同时 相关 结果 提出 需要 实现
"""
_EMPTY_WORDS, _EMPTY_PAIRS = frozenset(_WORDS.split()), frozenset(_PAIRS.split())

Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Document:
    """A proposal or a reviewer: keys of topics, and prose in any mixture of languages."""

    topics: frozenset[str]
    text: str


@dataclass(frozen=True, slots=True)
class Ground:
    """Why a pair is close: topics in common, and the words that weigh most, heaviest first."""

    topics: list[str]
    terms: list[str]


def terms(text: str) -> Iterator[str]:
    """Latin words in lower case, and each pair of neighbouring Han characters."""
    for run in _RUN.findall(text[:LONGEST_TEXT].lower()):
        if run[0] < _HAN:
            if run not in _EMPTY_WORDS:
                yield run
        else:
            yield from (a + b for a, b in pairwise(run) if a + b not in _EMPTY_PAIRS)


class Affinity:
    """Closeness of every proposal to every reviewer.

    values: proposals x reviewers, 0 to 1. The cosine of topics counts TOPIC_WEIGHT, that of
    words the rest; where either side has no topics, words alone count.
    """

    def __init__(self, proposals: Sequence[Document], reviewers: Sequence[Document]) -> None:
        self._proposals, self._reviewers = proposals, reviewers
        rows = _tf_idf([*proposals, *reviewers])
        self._vocabulary = rows.vocabulary
        self._left = rows.matrix[: len(proposals)]
        self._right = rows.matrix[len(proposals) :]
        words = np.asarray((self._left @ self._right.T).todense(), dtype=np.float64)
        topics, stated = _topic_cosine(proposals, reviewers)
        mixed = TOPIC_WEIGHT * topics + (1 - TOPIC_WEIGHT) * words
        self.values: Matrix = np.clip(np.where(stated, mixed, words), 0.0, 1.0)

    def ground(self, proposal: int, reviewer: int) -> Ground:
        """Why this pair is as close as it is; positions as in the sequences given."""
        both = self._proposals[proposal].topics & self._reviewers[reviewer].topics
        shared = self._left[proposal].multiply(self._right[reviewer]).tocoo()
        heaviest = sorted(zip(-shared.data, shared.col, strict=True))[:TOP_TERMS]
        return Ground(sorted(both), [self._vocabulary[column] for _weight, column in heaviest])


@dataclass(frozen=True, slots=True)
class _Rows:
    matrix: sparse.csr_matrix
    vocabulary: list[str]


def _tf_idf(documents: Sequence[Document]) -> _Rows:
    counts = [Counter(terms(document.text)) for document in documents]
    seen = Counter(term for each in counts for term in each)
    vocabulary = sorted(seen)
    column = {term: n for n, term in enumerate(vocabulary)}
    indices = np.array([column[term] for each in counts for term in each], dtype=np.int_)
    uses = np.array([count for each in counts for count in each.values()], dtype=np.float64)
    indptr = np.cumsum([0, *(len(each) for each in counts)])
    within = np.array([seen[term] for term in vocabulary], dtype=np.float64)
    rarity = np.log((1 + len(documents)) / (1 + within)) + 1
    data = (1 + np.log(uses)) * rarity[indices]
    shape = (len(documents), len(vocabulary))
    matrix = sparse.csr_matrix((data, indices, indptr), shape=shape)
    return _Rows(_unit_rows(matrix), vocabulary)


def _unit_rows(matrix: sparse.csr_matrix) -> sparse.csr_matrix:
    length = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    length[length == 0] = 1.0
    return sparse.diags(1 / length).dot(matrix).tocsr()


def _topic_cosine(
    proposals: Sequence[Document], reviewers: Sequence[Document]
) -> tuple[Matrix, npt.NDArray[np.bool_]]:
    """|A and B| / sqrt(|A| |B|), and where both sides name topics at all."""
    known = sorted({topic for document in (*proposals, *reviewers) for topic in document.topics})
    place = {topic: n for n, topic in enumerate(known)}
    left, right = (_incidence(side, place) for side in (proposals, reviewers))
    sizes = np.sqrt(np.outer(left.sum(axis=1), right.sum(axis=1)))
    return left @ right.T / np.where(sizes > 0, sizes, 1.0), sizes > 0


def _incidence(documents: Iterable[Document], place: dict[str, int]) -> Matrix:
    rows = [[place[topic] for topic in document.topics] for document in documents]
    found = np.zeros((len(rows), len(place)))
    for n, columns in enumerate(rows):
        found[n, columns] = 1.0
    return found


class TopicFinder:
    """Finds what texts are about by keywords, which are given by topic and in lower case."""

    def __init__(self, keywords: Mapping[str, Iterable[str]]) -> None:
        self._topics: dict[str, list[str]] = {}
        for topic, words in keywords.items():
            for word in words:
                self._topics.setdefault(word, []).append(topic)
        latin = sorted((w for w in self._topics if w.isascii()), key=lambda w: (-len(w), w))
        self._han = [word for word in self._topics if not word.isascii()]
        either = "|".join(re.escape(word) for word in latin)
        self._latin = re.compile(rf"(?<![a-z0-9])({either})s?(?![a-z0-9])") if latin else None

    def topics(self, text: str, *, most: int = 4) -> frozenset[str]:
        """Those whose keywords the text uses twice or more, at most `most` of them.

        Latin keywords count as whole words, with or without an s.
        """
        searched = text[:LONGEST_TEXT].lower()
        uses = Counter(self._latin.findall(searched) if self._latin else ())
        uses.update({word: searched.count(word) for word in self._han})
        found = Counter[str]()
        for word, count in uses.items():
            for topic in self._topics[word]:
                found[topic] += count
        return frozenset(topic for topic, n in found.most_common(most) if n >= _OFTEN)
