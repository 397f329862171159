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
        (PartitionRow("many", 40_960, "", 0, 260, 32, 3, {"FP64": 3, "FP32": 3}),),
        ("cpu",),
        {"cpu": 900_000_000},
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
            ),
            PartitionRow("debug", 16, "Lanxin A2 (910B class)", 8, 192, 1_536, 1, {"FP16": 320}),
        ),
        ("gres/gpu", "cpu"),
        {"gres/gpu": 6_500_000, "cpu": 150_000_000},
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
            ),
        ),
        ("gres/gpu", "cpu"),
        {"gres/gpu": 2_000_000, "cpu": 90_000_000},
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
        (PartitionRow("cpu", 1_024, "", 0, 192, 768, 7, {"FP64": 10, "FP32": 21}),),
        ("cpu",),
        {"cpu": 100_000_000},
    ),
)
