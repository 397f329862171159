"""The first list of research topics. The R&D office changes it afterwards."""

from django.db import migrations

TOPICS = (
    ("large-models", "Large models", "大模型", "large language model, foundation model, pretraining, llm, moe, transformer, 大模型, 语言模型, 预训练, 基座模型, 根模型"),
    ("multimodal", "Multimodal models", "多模态模型", "multimodal, vision language, image generation, video, 多模态, 视觉语言, 图文"),
    ("reinforcement", "Reinforcement learning and agents", "强化学习与智能体", "reinforcement learning, rlhf, agent, policy gradient, 强化学习, 智能体, 对齐"),
    ("learning-theory", "Theory of learning", "学习理论", "generalisation, optimisation theory, scaling law, convergence, 泛化, 学习理论, 标度律, 可解释"),
    ("training-systems", "Training systems", "训练系统", "distributed training, pipeline parallel, checkpointing, fault tolerance, tensor parallel, 分布式训练, 并行训练, 训练框架, 容错"),
    ("inference", "Inference and serving", "推理与服务", "inference, quantisation, serving, distillation, kv cache, 推理加速, 量化, 蒸馏, 部署"),
    ("low-precision", "Low precision and numerics", "低精度与数值", "low precision, mixed precision, fp8, int8, numerics, 低精度, 混合精度, 数值误差"),
    ("compilers", "Compilers and kernels", "编译与算子", "compiler, kernel, operator fusion, autotuning, code generation, 编译器, 算子, 自动调优"),
    ("chips", "Accelerators and architecture", "加速芯片与体系结构", "accelerator, chip, memory hierarchy, interconnect, architecture, 芯片, 体系结构, 互连, 众核"),
    ("energy-efficiency", "Energy and reliability of machines", "能耗与可靠性", "energy efficiency, power capping, failure, reliability, goodput, 能耗, 能效, 可靠性, 故障"),
    ("data", "Data and corpora", "数据与语料", "corpus, data quality, deduplication, annotation, synthetic data, 语料, 数据质量, 去重, 标注, 合成数据"),
    ("safety", "Safety and evaluation", "安全与评测", "safety, evaluation, benchmark, red team, bias, 安全, 评测, 基准, 偏见"),
    ("climate", "Weather and climate", "气象与气候", "weather, climate, forecast, atmosphere, reanalysis, 气象, 气候, 天气预报, 大气, 同化"),
    ("ocean", "Ocean and hydrology", "海洋与水文", "ocean, hydrology, wave, sea ice, flood, 海洋, 水文, 海冰, 洪水"),
    ("earth", "Earth science and remote sensing", "地学与遥感", "seismic, geophysics, remote sensing, satellite, 地震, 地球物理, 遥感, 卫星"),
    ("materials", "Materials", "材料", "materials, alloy, catalyst, density functional, battery, 材料, 合金, 催化, 电池, 密度泛函"),
    ("molecular", "Molecular simulation and chemistry", "分子模拟与化学", "molecular dynamics, force field, quantum chemistry, free energy, 分子动力学, 力场, 量子化学"),
    ("life", "Life science and medicine", "生命科学与医学", "protein, genome, drug, cell, medical imaging, 蛋白质, 基因, 药物, 细胞, 医学影像"),
    ("fluids", "Fluid dynamics and combustion", "流体与燃烧", "turbulence, fluid, combustion, navier stokes, aerodynamics, 湍流, 流体, 燃烧, 气动"),
    ("fusion-energy", "Fusion and nuclear energy", "聚变与核能", "plasma, tokamak, neutron, reactor, 等离子体, 托卡马克, 中子, 反应堆"),
    ("astro", "Astronomy and cosmology", "天文与宇宙学", "astronomy, cosmology, galaxy, gravitational wave, radio telescope, 天文, 宇宙, 星系, 引力波"),
    ("particle", "Particle and quantum physics", "粒子与量子物理", "lattice qcd, quantum, particle, many body, collider, 格点, 量子, 粒子, 多体"),
    ("engineering", "Engineering and digital twins", "工程与数字孪生", "structural, digital twin, manufacturing, finite element, cad, 结构, 数字孪生, 制造, 有限元"),
    ("solvers", "Numerical methods and solvers", "数值方法与求解器", "solver, sparse matrix, multigrid, preconditioner, eigenvalue, 求解器, 稀疏矩阵, 多重网格, 特征值"),
    ("humanities", "Language and humanities", "语言与人文", "translation, linguistics, speech, archive, education, 翻译, 语言学, 语音, 古籍, 教育"),
)  # fmt: skip


def fill(apps, _schema_editor):
    topic = apps.get_model("compute_grants", "ResearchTopic")
    topic.objects.bulk_create(
        topic(slug=slug, name_en=en, name_zh=zh, keywords=[w.strip() for w in words.split(",")])
        for slug, en, zh, words in TOPICS
    )


def empty(apps, _schema_editor):
    topic = apps.get_model("compute_grants", "ResearchTopic")
    topic.objects.filter(slug__in=[row[0] for row in TOPICS], experts__isnull=True).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("compute_grants", "0012_reviewer_expertise"),
    ]

    operations = [migrations.RunPython(fill, empty)]
