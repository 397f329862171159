"""Words that made-up proposals, people and institutions are put together from."""

from typing import NamedTuple


class Topic(NamedTuple):
    """A field of research: the key reviewers are known by, and sentences about it."""

    key: str
    en: str
    zh: str
    questions_en: tuple[str, ...]
    questions_zh: tuple[str, ...]


TOPICS = (
    Topic(
        "weather",
        "weather and climate",
        "天气与气候",
        (
            "kilometre-scale forecasts of convective rainfall",
            "an emulator of ocean and atmosphere for seasonal outlooks",
            "data assimilation that learns observation errors",
        ),
        ("对流降水的公里尺度预报", "面向季节预测的海气耦合代理模型", "学习观测误差的资料同化"),
    ),
    Topic(
        "proteins",
        "protein structure and design",
        "蛋白质结构与设计",
        (
            "structure prediction of antibody complexes",
            "generative design of enzymes for plastic degradation",
            "molecular dynamics with learned force fields",
        ),
        ("抗体复合物的结构预测", "降解塑料的酶的生成式设计", "学习型力场的分子动力学"),
    ),
    Topic(
        "materials",
        "materials and chemistry",
        "材料与化学",
        (
            "interatomic potentials for battery interfaces",
            "density functionals learned from coupled-cluster data",
            "inverse design of high-entropy alloys",
        ),
        ("电池界面的原子间势", "由耦合簇数据学习的密度泛函", "高熵合金的逆向设计"),
    ),
    Topic(
        "language",
        "language models",
        "语言模型",
        (
            "pre-training of a bilingual root model on cleaned corpora",
            "long-context attention with linear memory",
            "alignment from expert feedback in Chinese and English",
        ),
        ("在清洗语料上预训练双语根模型", "线性内存的长上下文注意力", "基于中英文专家反馈的对齐"),
    ),
    Topic(
        "vision",
        "vision and remote sensing",
        "视觉与遥感",
        (
            "a foundation model of multispectral satellite images",
            "segmentation of crops from sparse labels",
            "video understanding for inspection of bridges",
        ),
        ("多光谱卫星影像基础模型", "稀疏标注下的作物分割", "用于桥梁巡检的视频理解"),
    ),
    Topic(
        "fusion-energy",
        "fusion and plasma",
        "核聚变与等离子体",
        (
            "gyrokinetic turbulence at reactor scale",
            "real-time control of plasma shape by learned policies",
            "surrogates for edge-localised modes",
        ),
        ("反应堆尺度的回旋动理学湍流", "用学习策略实时控制等离子体位形", "边缘局域模的代理模型"),
    ),
    Topic(
        "fluids",
        "fluid dynamics",
        "流体力学",
        (
            "direct simulation of boundary layers on wings",
            "neural operators for combustion chambers",
            "mesh-free solvers on manycore processors",
        ),
        ("机翼边界层的直接数值模拟", "燃烧室的神经算子", "众核处理器上的无网格求解器"),
    ),
    Topic(
        "systems",
        "training systems",
        "训练系统",
        (
            "pipeline schedules that survive node failures at ten thousand cards",
            "collective communication over mixed fabrics",
            "compilers for domestic accelerators at FP8",
        ),
        ("万卡规模下容忍节点故障的流水线调度", "混合互连上的集合通信", "面向国产加速卡的FP8编译器"),
    ),
    Topic(
        "medicine",
        "medicine and genomics",
        "医学与基因组学",
        (
            "a foundation model of single-cell expression",
            "multimodal reading of pathology slides",
            "variant effect prediction across species",
        ),
        ("单细胞表达基础模型", "病理切片的多模态判读", "跨物种的变异效应预测"),
    ),
    Topic(
        "astronomy",
        "astronomy and cosmology",
        "天文与宇宙学",
        (
            "simulations of galaxy formation with radiative transfer",
            "transient detection in radio streams",
            "likelihood-free inference from weak lensing maps",
        ),
        ("含辐射转移的星系形成模拟", "射电数据流中的瞬变源探测", "弱引力透镜图的无似然推断"),
    ),
    Topic(
        "robotics",
        "robotics and control",
        "机器人与控制",
        (
            "a vision-language-action model for assembly",
            "learning locomotion in large parallel simulation",
            "planning under uncertainty for mobile platforms",
        ),
        ("面向装配的视觉—语言—动作模型", "大规模并行仿真中的运动学习", "移动平台的不确定性规划"),
    ),
    Topic(
        "mathematics",
        "mathematics and theory",
        "数学与理论",
        (
            "formal proofs found by guided search",
            "scaling laws of mixture-of-experts models",
            "convergence of low-precision optimisers",
        ),
        ("引导搜索的形式化证明", "混合专家模型的规模定律", "低精度优化器的收敛性"),
    ),
)
SURNAMES = (
    *(("Zhao", "赵"), ("Qian", "钱"), ("Sun", "孙"), ("Li", "李"), ("Zhou", "周"), ("Wu", "吴")),
    *(("Zheng", "郑"), ("Wang", "王"), ("Feng", "冯"), ("Chen", "陈"), ("Wei", "卫")),
    *(("Jiang", "蒋"), ("Shen", "沈"), ("Han", "韩"), ("Yang", "杨"), ("Zhu", "朱")),
    *(("Qin", "秦"), ("Xu", "许"), ("He", "何"), ("Lü", "吕")),
)
GIVEN = (
    *(("Mingyuan", "明远"), ("Ruolan", "若兰"), ("Jianguo", "建国"), ("Siqi", "思琪")),
    *(("Haoran", "浩然"), ("Yutong", "雨桐"), ("Zhiyuan", "致远"), ("Xinyi", "心怡")),
    *(("Tianyu", "天宇"), ("Jingwen", "静雯"), ("Bo", "博"), ("Lan", "岚")),
    *(("Wenjie", "文杰"), ("Qing", "青"), ("Kai", "凯"), ("Yun", "云")),
)
PLACES = (
    *(("Beiling", "北岭"), ("Donghu", "东湖"), ("Xishan", "西山"), ("Nanpu", "南浦")),
    *(("Yunhe", "云河"), ("Longjing", "龙井"), ("Qingzhou", "青洲"), ("Haiyan", "海雁")),
    *(("Luoxia", "落霞"), ("Songtao", "松涛"), ("Hengyuan", "衡远"), ("Jinsha", "金沙")),
)
RUBRIC = (
    # name_en, name_zh, weight, anchors_en, anchors_zh
    (
        "Scientific merit",
        "科学价值",
        40,
        "0 none; 3 sound; 5 changes the field",
        "0无；3扎实；5变革",
    ),
    (
        "Method",
        "方法",
        30,
        "0 cannot work; 3 credible; 5 shown at scale",
        "0不可行；3可信；5已验证",
    ),
    (
        "Use of the machine",
        "机器使用效率",
        20,
        "0 no evidence; 3 efficient; 5 best",
        "0无依据；3高效；5最佳",
    ),
    ("Openness", "成果开放", 10, "0 nothing shared; 5 all shared", "0不共享；5全部共享"),
)
REASONS = (
    "The question is clear and the pilot figures support the plan.",
    "Good method; the width asked is more than the scaling table shows.",
    "The comparison with what others have done could be sharper.",
    "问题明确，前期结果支持该方案。",
    "方法可靠，但所申请的规模略高于扩展性数据。",
    "与已有工作的比较可以更充分。",
)
