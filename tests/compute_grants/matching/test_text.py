"""Closeness of proposals and reviewers, in two languages, and its explanation."""

import pytest

from compute_grants.matching.text import Affinity, Document, TopicFinder, terms


def doc(text="", *topics):
    return Document(frozenset(topics), text)


def test_words_and_pairs_of_han():
    assert list(terms("Sparse MoE训练框架 of the C++ 99")) == [
        "sparse",
        "moe",
        "训练",
        "练框",
        "框架",
        "c++",
    ]


def test_grammar_is_left_out():
    assert list(terms("我们 the research 研究")) == []


def test_chinese_meets_chinese():
    near = doc("大规模气象预报的神经网络模型")
    far = doc("蛋白质折叠与药物分子设计")
    values = Affinity([doc("面向气象预报的深度学习")], [near, far]).values
    assert values[0, 0] > 0.1 > values[0, 1]


def test_topics_weigh_more_than_words():
    same_topic, same_words = doc("genome", "climate"), doc("ocean waves model", "chips")
    values = Affinity([doc("ocean waves model", "climate")], [same_topic, same_words]).values
    assert values[0, 0] == pytest.approx(0.6)
    assert 0.35 < values[0, 1] <= 0.4


def test_without_topics_words_count_alone():
    values = Affinity([doc("ocean waves")], [doc("ocean waves", "climate")]).values
    assert values[0, 0] == pytest.approx(1.0)


def test_nothing_stated_is_no_closeness():
    assert Affinity([doc("")], [doc("")]).values[0, 0] == 0


def test_a_pair_says_why():
    affinity = Affinity(
        [doc("ocean waves and 气象预报", "climate", "chips"), doc("genome", "life")],
        [doc("ocean 气象预报 genome", "climate")],
    )
    ground = affinity.ground(0, 0)
    assert ground.topics == ["climate"]
    assert {"ocean", "气象", "预报"} <= set(ground.terms)
    assert affinity.ground(1, 0).topics == []


def test_nobody_and_nothing():
    assert Affinity([], []).values.shape == (0, 0)
    assert Affinity([doc("a b")], []).values.shape == (1, 0)


def test_topics_are_found_by_keywords_in_both_languages():
    finder = TopicFinder({"ocean": ["wave", "海洋"], "chips": ["chip", "sea wave"], "idle": []})
    assert finder.topics("Waves and wave.") == {"ocean"}
    assert finder.topics("海洋与海洋") == {"ocean"}
    assert finder.topics("one wave, microwave, waveform") == set()  # whole words, more than once
    assert finder.topics("chips chip chip 海洋 wave", most=1) == {"chips"}
    assert TopicFinder({}).topics("wave wave") == set()
