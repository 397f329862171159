"""Calls of the demo, in both languages."""

from typing import NamedTuple


class CallRow(NamedTuple):
    """opens, closes: days from today; budget: {(machine, tres): hours}."""

    key: str
    kind: str
    stage: str
    title_en: str
    title_zh: str
    summary_en: str
    summary_zh: str
    opens: int
    closes: int
    budget: dict[tuple[str, str], int]
    reaches: str  # the state the call is in when the demo is loaded


CARDS, CORES = "gres/gpu", "cpu"
RULES_EN = (
    "The lead is PI-eligible at an active member institution. One lead may hold at most two running "
    "grants under this call. Time not used by the end date returns to the call. Models trained with this "
    "time are published as research releases within twelve months."
)
RULES_ZH = (
    "项目负责人须为有效成员单位具备负责人资格的人员；同一负责人在本征集下至多承担两个在研机时项目。"
    "截止日未用完的机时退回本征集。使用本机时训练的模型须在十二个月内作为研究版本发布。"
)
RUBRIC = (
    # name_en, name_zh, anchors_en, anchors_zh, weight
    (
        "Scientific merit",
        "科学价值",
        "0 no question worth answering; 3 sound and useful; 5 changes the field",
        "0 没有值得回答的问题；3 扎实有用；5 推动领域变革",
        40,
    ),
    (
        "Method and feasibility",
        "方法与可行性",
        "0 cannot work; 3 credible plan; 5 shown at scale",
        "0 不可行；3 方案可信；5 已有规模验证",
        30,
    ),
    (
        "Use of the machine",
        "机器使用效率",
        "0 no scaling evidence; 3 efficient at the width asked; 5 sets the standard",
        "0 无扩展性依据；3 所申请规模下高效；5 树立标杆",
        20,
    ),
    (
        "Openness of results",
        "成果开放",
        "0 nothing shared; 3 weights or data; 5 weights, data and method",
        "0 不共享；3 共享权重或数据；5 权重、数据与方法全部共享",
        10,
    ),
)

CALLS = (
    CallRow(
        "root-2025",
        "root_model",
        "being_ai",
        "Root model, first training campaign",
        "根模型首轮训练",
        "Train the consortium's root model on the AI cluster, with checkpoints every two thousand steps.",
        "在智算集群上训练联合体根模型，每两千步保存检查点。",
        -420,
        -390,
        {("qinghu-ai", CARDS): 6_000_000},
        "closed",
    ),
    CallRow(
        "domain-2026-1",
        "domain_model",
        "by_ai",
        "Domain models, first round of 2026",
        "2026 年第一轮领域模型",
        "Derive domain models from the root model for weather, energy, materials and health.",
        "由根模型派生气象、能源、材料与医疗领域模型。",
        -300,
        -270,
        {("qinghu-ai", CARDS): 3_000_000, ("nordvik-gh", CARDS): 800_000},
        "decided",
    ),
    CallRow(
        "theory-2026",
        "theory",
        "for_ai",
        "Foundations of low-precision training",
        "低精度训练基础理论",
        "Why training at eight bits converges, and when it does not.",
        "八位精度训练何以收敛，何时失效。",
        -70,
        -12,
        {("nordvik-gh", CARDS): 600_000, ("qinghu-ai", CARDS): 500_000},
        "in_review",
    ),
    CallRow(
        "domain-2026-2",
        "domain_model",
        "by_ai",
        "Domain models, second round of 2026",
        "2026 年第二轮领域模型",
        "Domain models that answer a stated need of an industry, with data whose origin is documented.",
        "面向明确行业需求、数据来源可追溯的领域模型。",
        -20,
        24,
        {("qinghu-ai", CARDS): 2_000_000, ("nordvik-gh", CARDS): 500_000},
        "open",
    ),
    CallRow(
        "infra-2026",
        "infrastructure",
        "for_ai",
        "Porting and scaling on manycore systems",
        "众核系统移植与扩展",
        "Bring training frameworks to manycore processors and show efficiency at width.",
        "把训练框架移植到众核处理器，并给出规模效率。",
        -5,
        60,
        {("hengshan-1", CORES): 400_000_000, ("hengshan-g", CORES): 30_000_000},
        "open",
    ),
    CallRow(
        "root-2027",
        "root_model",
        "being_ai",
        "Root model, second generation",
        "第二代根模型",
        "The next root model: longer context, measured energy, data under licence throughout.",
        "下一代根模型：更长上下文、实测能耗、全部数据持证。",
        20,
        80,
        {("qinghu-ai", CARDS): 9_000_000},
        "published",
    ),
    CallRow(
        "climate-2027",
        "domain_model",
        "by_ai",
        "Climate emulators",
        "气候模拟代理模型",
        "Draft: emulators that replace the costliest parts of coupled climate models.",
        "草案：替代耦合气候模式中代价最高部分的代理模型。",
        45,
        110,
        {("nordvik-gh", CARDS): 700_000},
        "draft",
    ),
)


class TypeRow(NamedTuple):
    """An access type; sizes in credits."""

    code: str
    name_en: str
    name_zh: str
    description_en: str
    description_zh: str
    depth: str
    reviewers: int
    months: int
    least: int | None
    most: int | None
    needs_benchmark: bool = False
    gives_benchmark: bool = False


ACCESS_TYPES = (
    TypeRow(
        code="exploratory",
        name_en="Exploratory",
        name_zh="探索",
        description_en="For trying a code on a machine and measuring how it scales.",
        description_zh="用于在机器上试运行程序并测量其扩展性。",
        depth="technical",
        reviewers=0,
        months=3,
        least=None,
        most=5_000,
        gives_benchmark=True,
    ),
    TypeRow(
        code="regular",
        name_en="Regular",
        name_zh="常规",
        description_en="For a campaign of a year, up to a third of a machine's pool.",
        description_zh="用于为期一年的研究，不超过机器机时池的三分之一。",
        depth="peer",
        reviewers=2,
        months=12,
        least=5_000,
        most=2_000_000,
    ),
    TypeRow(
        code="extreme",
        name_en="Extreme scale",
        name_zh="超大规模",
        description_en="For runs that need most of a machine, with scaling shown beforehand.",
        description_zh="用于需占用大部分机器的计算，须事先证明扩展性。",
        depth="peer",
        reviewers=3,
        months=12,
        least=1_000_000,
        most=None,
        needs_benchmark=True,
    ),
)


class Terms(NamedTuple):
    """What a call asks and offers beyond its text. Days from today.

    conditions: (kind, values, months) of its eligibility rules; more: further rounds.
    """

    conditions: tuple[tuple[str, tuple[str, ...], int | None], ...] = ()
    access_types: tuple[str, ...] = ()
    awards: tuple[int, int] | None = None
    more: tuple[tuple[int, int], ...] = ()
    followers: tuple[str, ...] = ()


REVIEW_DAYS, DECISION_DAYS = 10, 12  # after a round closes
TERMS = {
    "infra-2026": Terms(
        awards=(90, 165),
        more=((100, 160),),
        followers=("ouyang.qin", "kong.lingyi"),
    ),
    "root-2027": Terms(
        conditions=(
            ("institution_kind", ("centre", "institute", "university"), None),
            ("contract", (), 3),
            ("second_factor", (), None),
        ),
        access_types=("exploratory", "regular", "extreme"),
        awards=(110, 165),
        followers=("ouyang.qin",),
    ),
    "climate-2027": Terms(access_types=("regular",)),
}
