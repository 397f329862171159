"""Machines of the demo. Names are invented; figures are those of real machines and cards.

Sources: TOP500 lists of November 2024 to June 2026 for whole machines; vendors' data sheets for
the peak of one card. `source` on each row says whose figures they are.
"""

from typing import NamedTuple

GIB = 1024**3
DAY = 24 * 3600


class PartitionRow(NamedTuple):
    name: str
    nodes: int
    accelerator: str
    cards_per_node: int
    cores_per_node: int
    memory_gib: int
    max_wall_days: int
    peaks: dict[str, int]  # precision -> TFLOPS (TOPS) of one card, or of one node without cards
    node_type: str
    vendor: str = ""
    origin: str = ""
    card_gib: int | None = None
    widest: int | None = None  # nodes of the widest job


class MachineRow(NamedTuple):
    code: str
    centre: str
    operator: str
    kind: str
    cluster: str
    name_en: str
    name_zh: str
    description_en: str
    description_zh: str
    power_kw: int
    source: str
    partitions: tuple[PartitionRow, ...]
    resources: tuple[str, ...]
    monthly_hours: dict[str, int]  # tres -> hours that the centre certifies for a month
    stages: tuple[str, ...]
    fabric: str
    fabric_gbit: int
    charging: dict[str, tuple[int | None, int]]  # tres -> cores of a card, GiB of a card or core
    rates: tuple[tuple[str, float, int, int | None], ...]  # tres, credits, first and last day


_LANXIN = ("domestic", "Lanxin", "domestic", 64)
MACHINES = (
    MachineRow(
        "hengshan-1",
        "hengshan",
        "he.jianguo",
        "supercomputing",
        "hengshan1",
        "Hengshan-1",
        "衡山一号",
        "A manycore supercomputer for classical simulation and for training that fits its cores.",
        "众核超级计算机，面向科学与工程计算，也承担适合众核结构的训练任务。",
        15_370,
        "Figures of Sunway TaihuLight: 10,649,600 cores, Rpeak 125.44 PFLOPS, TOP500 2025-11",
        (PartitionRow("many", 40_960, "", 0, 260, 32, 3, {"FP64": 3, "FP32": 3}, "manycore"),),
        ("cpu",),
        {"cpu": 900_000_000},
        ("by_ai", "for_ai"),
        "Fat tree of the machine's own make",
        112,
        {"cpu": (None, 2)},
        (("cpu", 0.012, -460, None),),
    ),
    MachineRow(
        "qinghu-ai",
        "qinghu",
        "cairang",
        "ai",
        "qinghu",
        "Qinghu AI Cluster",
        "青湖智算集群",
        "Domestic accelerators in 1,280 nodes, cooled by plateau air, run on hydropower.",
        "1280 个节点的国产加速卡集群，高原自然冷却，水电供能。",
        4_100,
        "Peak of one card as in public descriptions of the Ascend 910B; size invented",
        (
            PartitionRow(
                "npu",
                1_280,
                "Lanxin A2 (910B class)",
                8,
                192,
                1_536,
                7,
                {"FP32": 94, "BF16": 320, "FP16": 320, "INT8": 640},
                *("domestic", "Lanxin", "domestic", 64, 1_024),
            ),
            PartitionRow(
                "debug", 16, "Lanxin A2 (910B class)", 8, 192, 1_536, 1, {"FP16": 320}, *_LANXIN
            ),
        ),
        ("gres/gpu", "cpu"),
        {"gres/gpu": 6_500_000, "cpu": 150_000_000},
        ("for_ai", "being_ai"),
        "RoCE, two rails",
        400,
        {"gres/gpu": (24, 192), "cpu": (None, 8)},
        # The first rate has expired: transfers were stopped until the next one held.
        (
            ("gres/gpu", 0.9, -460, -120),
            ("gres/gpu", 1.0, -110, None),
            ("cpu", 0.015, -460, -30),
        ),
    ),
    MachineRow(
        "nordvik-gh",
        "nordvik",
        "e.lund",
        "supercomputing",
        "nordvik",
        "Nordvik",
        "诺德维克",
        "CPU+GPU superchips for simulation and training at every precision.",
        "CPU 与 GPU 合一的超级芯片，兼顾各种精度的模拟与训练。",
        7_124,
        "Power and cores of Alps (TOP500 2024-11); peak of one GH200 from its data sheet",
        (
            PartitionRow(
                "gh",
                2_688,
                "GH200 superchip",
                4,
                288,
                1_952,
                2,
                {
                    "FP64": 34,
                    "FP32": 67,
                    "TF32": 494,
                    "BF16": 990,
                    "FP16": 990,
                    "FP8": 1_979,
                    "INT8": 1_979,
                },
                *("superchip", "NVIDIA", "foreign", 96, 512),
            ),
        ),
        ("gres/gpu", "cpu"),
        {"gres/gpu": 2_000_000, "cpu": 90_000_000},
        ("by_ai", "for_ai", "being_ai"),
        "Slingshot-11",
        800,
        {"gres/gpu": (72, 488)},
        (("gres/gpu", 1.9, -460, None), ("cpu", 0.016, -460, None)),
    ),
    MachineRow(
        "hengshan-g",
        "hengshan",
        "he.jianguo",
        "general",
        "hengshang",
        "Hengshan General",
        "衡山通用集群",
        "A general cluster for data preparation, evaluation and teaching.",
        "通用计算集群，用于数据准备、模型评测和教学。",
        1_150,
        "Invented; node peak from the AMD EPYC 9654 data sheet",
        (PartitionRow("cpu", 1_024, "", 0, 192, 768, 7, {"FP64": 10, "FP32": 21}, "cpu"),),
        ("cpu",),
        {"cpu": 100_000_000},
        ("by_ai",),
        "InfiniBand HDR",
        200,
        {"cpu": (None, 4)},
        (("cpu", 0.015, -460, None),),
    ),
)


class WindowRow(NamedTuple):
    """A planned stop: from how many days from today, for how many hours, why, and what became."""

    machine: str
    starts: float
    hours: int
    note_en: str
    note_zh: str
    cancelled: bool = False


WINDOWS = (
    WindowRow("qinghu-ai", -40, 12, "Firmware of the fabric.", "升级互连网络固件。"),
    WindowRow("qinghu-ai", 9, 36, "Cooling pumps are renewed.", "更换冷却泵。"),
    WindowRow("hengshan-1", 21, 24, "Yearly check of the power supply.", "供电系统年检。"),
    WindowRow("nordvik-gh", 14, 8, "File system check.", "文件系统检查。", cancelled=True),
)
