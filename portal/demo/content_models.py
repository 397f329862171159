"""Labs, models, releases and licences of the demo."""

from typing import NamedTuple


class LabRow(NamedTuple):
    slug: str
    institution: str
    admin: str
    maintainer: str
    name_en: str
    name_zh: str
    about_en: str
    about_zh: str


class CheckpointRow(NamedTuple):
    """grant: the English title of the proposal it was trained under; parent: lab/model@version.

    release: the version label it is released as, "" for none; audience as in ResearchRelease;
    reaches: the release's state.
    """

    lab: str
    slug: str
    kind: str
    name_en: str
    name_zh: str
    by: str
    grant: str
    layers: int
    metrics: dict[str, float]
    data: tuple[tuple[str, str, str], ...]  # name, origin, licence
    parent: tuple[str, str] = ("", "")  # full number, relation
    release: str = ""
    audience: str = "members"
    reaches: str = "released"
    about_en: str = ""
    about_zh: str = ""


LABS = (
    LabRow(
        "nip-foundation",
        "nip",
        "xu.anran",
        "zhou.min",
        "Foundation Models Laboratory",
        "基础模型实验室",
        "Trains the root model and keeps its records.",
        "训练根模型并保存其全部记录。",
    ),
    LabRow(
        "iac-weather",
        "iac",
        "lei.ming",
        "tang.yuhe",
        "Weather Models Laboratory",
        "天气模型实验室",
        "Regional forecasts that are checked against radar.",
        "以雷达检验的区域预报。",
    ),
    LabRow(
        "linjiang-grid",
        "linjiang",
        "wei.guang",
        "song.yiran",
        "Power Grid Laboratory",
        "电网智能实验室",
        "Dispatch under safety constraints.",
        "安全约束下的电网调度。",
    ),
    LabRow(
        "beiming-imaging",
        "beiming",
        "fu.xiaotang",
        "ding.haoran",
        "Medical Imaging Laboratory",
        "医学影像实验室",
        "Imaging models on licensed hospital data.",
        "基于持证医院数据的影像模型。",
    ),
    LabRow(
        "alder-materials",
        "alder",
        "j.field",
        "a.novak",
        "Materials Laboratory",
        "材料实验室",
        "Interatomic potentials for energy storage.",
        "面向储能的原子间势函数。",
    ),
)

CORPUS = ("Open Chinese-English corpus, release 4", "consortium data commons", "CC-BY-4.0")
RADAR = ("Regional radar mosaic 2015-2025", "Institute of Atmosphere and Climate", "CC-BY-4.0")
ROOT = "nip-foundation/shanhai-30b@1"
QUANTISED = "nip-foundation/shanhai-30b-int8@1"
WEATHER = "iac-weather/fenghe-3km@1"

CHECKPOINTS = (
    CheckpointRow(
        "nip-foundation",
        "shanhai-30b",
        "root",
        "Shanhai 30B",
        "山海 30B",
        "zhou.min",
        "Root model at thirty billion parameters",
        6,
        {"perplexity": 6.21, "ceval": 0.742, "mmlu": 0.718},
        (CORPUS,),
        release="1.0",
        audience="public",
        about_en="The consortium's root model. Domain models derive from it.",
        about_zh="联合体根模型，领域模型由此派生。",
    ),
    CheckpointRow(
        "nip-foundation",
        "shanhai-30b-int8",
        "component",
        "Shanhai 30B INT8",
        "山海 30B INT8",
        "zhou.min",
        "Root model at thirty billion parameters",
        6,
        {"perplexity": 6.34},
        (CORPUS,),
        (ROOT, "quantised"),
        release="1.0",
        audience="members",
        about_en="The root model at eight bits, for inference.",
        about_zh="根模型的八位推理版本。",
    ),
    CheckpointRow(
        "iac-weather",
        "fenghe-3km",
        "domain",
        "Fenghe 3 km",
        "风禾 3 公里",
        "tang.yuhe",
        "Regional weather model at 3 km",
        4,
        {"rmse_t2m_24h": 1.31, "csi_20mm": 0.46},
        (CORPUS, RADAR),
        (ROOT, "fine_tuned"),
        release="1.0",
        audience="public",
        about_en="Regional weather at 3 km, out to three days.",
        about_zh="3 公里分辨率区域天气，预报时效三天。",
    ),
    CheckpointRow(
        "linjiang-grid",
        "diaodu-day",
        "domain",
        "Diaodu day-ahead",
        "调度日前",
        "song.yiran",
        "Power grid dispatch model",
        3,
        {"cost_gap": 0.012, "violations": 0.0},
        (CORPUS, ("Grid operation records 2020-2025", "Linjiang University", "consortium-only")),
        (ROOT, "fine_tuned"),
        release="0.9",
        audience="members",
        reaches="under_review",
        about_en="Day-ahead dispatch with safety constraints.",
        about_zh="带安全约束的日前调度。",
    ),
    CheckpointRow(
        "beiming-imaging",
        "chest-base",
        "domain",
        "Chest Base",
        "胸部影像基础模型",
        "ding.haoran",
        "Chest imaging model",
        3,
        {"auc": 0.931},
        (("Hospital imaging set A", "Beiming University of Technology", "LicenseRef-hospital-A"),),
        release="1.0",
        audience="institutions",
        about_en="A vision model for chest imaging.",
        about_zh="胸部影像视觉模型。",
    ),
    CheckpointRow(
        "alder-materials",
        "electrolyte-potential",
        "component",
        "Electrolyte potential",
        "电解质势函数",
        "a.novak",
        "Battery electrolytes from first principles",
        2,
        {"mae_mev_per_atom": 3.8},
        (("Electrolyte DFT set 2025", "Alder University", "CC-BY-4.0"),),
        release="0.1",
        reaches="draft",
        about_en="Energies and forces for liquid electrolytes.",
        about_zh="液态电解质的能量与受力。",
    ),
)

CARD_EN = """# {name}

{about}

## Intended use

Research within the consortium. Commercial use only under a licence that passed the technology-transfer gate.

## Training

Trained under grant {grant}; every job, its hours and its energy are on the checkpoint's page.

## Evaluation

{metrics}

## Limits

Not tested outside the conditions of its data. Check results before you act on them.
"""
CARD_ZH = """# {name}

{about}

## 适用范围

供联合体内部研究使用；商用须通过成果转化关口并取得许可。

## 训练

在机时项目 {grant} 下训练；每个作业的机时与能耗见检查点页面。

## 评测

{metrics}

## 局限

未在训练数据所涵盖的条件之外测试；采取行动前请核对结果。
"""
