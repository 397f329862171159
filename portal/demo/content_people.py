"""Who is in the demo consortium. All names are invented; the mail domains are reserved."""

from typing import NamedTuple


class InstitutionRow(NamedTuple):
    slug: str
    kind: str
    arm: str
    tier: str
    country: str
    name_en: str
    name_zh: str
    group: str = ""


class PersonRow(NamedTuple):
    """roles: affiliation roles held at `institution`; office: one in the consortium's staff.

    topics: not empty for reviewers; panel: whether the reviewer sits on panels.
    """

    handle: str
    institution: str
    name_en: str
    name_zh: str
    roles: tuple[str, ...] = ("member",)
    office: str = ""
    topics: tuple[str, ...] = ()
    panel: bool = False
    language: str = "zh-hans"


INSTITUTIONS = (
    InstitutionRow(
        "hengshan",
        "centre",
        "research",
        "council",
        "CN",
        "Hengshan Supercomputing Centre",
        "衡山超级计算中心",
    ),
    InstitutionRow(
        "qinghu",
        "centre",
        "research",
        "council",
        "CN",
        "Qinghu Plateau AI Computing Centre",
        "青湖高原智算中心",
    ),
    InstitutionRow(
        "nordvik",
        "centre",
        "research",
        "full",
        "NO",
        "Nordvik Supercomputing Centre",
        "诺德维克超级计算中心",
    ),
    InstitutionRow(
        "nip",
        "institute",
        "research",
        "council",
        "CN",
        "Northern Institute of Physics",
        "北方物理研究所",
    ),
    InstitutionRow(
        "iac",
        "institute",
        "research",
        "full",
        "CN",
        "Institute of Atmosphere and Climate",
        "大气与气候研究所",
    ),
    InstitutionRow(
        "linjiang",
        "university",
        "research",
        "full",
        "CN",
        "Linjiang University",
        "临江大学",
    ),
    InstitutionRow(
        "beiming",
        "university",
        "research",
        "full",
        "CN",
        "Beiming University of Technology",
        "北溟科技大学",
    ),
    InstitutionRow(
        "alder",
        "university",
        "research",
        "associate",
        "NO",
        "Alder University",
        "艾尔德大学",
    ),
    InstitutionRow(
        "lanxin",
        "chip_vendor",
        "research",
        "full",
        "CN",
        "Lanxin Semiconductor",
        "澜芯半导体",
        "lanxin-group",
    ),
    InstitutionRow(
        "huayan",
        "enterprise",
        "deployment",
        "full",
        "CN",
        "Huayan Intelligence",
        "华研智能",
        "lanxin-group",
    ),
    InstitutionRow(
        "hengyuan",
        "enterprise",
        "deployment",
        "associate",
        "CN",
        "Hengyuan Power Technology",
        "恒源电力科技",
    ),
    InstitutionRow(
        "ningyue",
        "enterprise",
        "deployment",
        "associate",
        "CN",
        "Ningyue Medical Imaging",
        "宁岳医学影像",
    ),
    InstitutionRow(
        "jiangzhou",
        "public_body",
        "research",
        "associate",
        "CN",
        "Jiangzhou Data Resources Bureau",
        "江州市数据资源局",
    ),
    InstitutionRow(
        "meridian",
        "observer",
        "research",
        "observer",
        "CH",
        "Meridian Open Science Forum",
        "子午线开放科学论坛",
    ),
)

PI = ("member", "principal")
PEOPLE = (
    # The consortium's own staff. They belong to no member institution.
    PersonRow("gu.yan", "", "Gu Yan", "顾言", office="secretariat"),
    PersonRow("shen.ruolan", "", "Shen Ruolan", "沈若兰", office="research"),
    PersonRow("m.haugen", "", "Marit Haugen", "玛丽特·豪根", office="research", language="en"),
    PersonRow("qiao.zhengyi", "", "Qiao Zhengyi", "乔正一", office="deployment"),
    PersonRow("lu.wanqing", "", "Lu Wanqing", "陆晚晴", office="deployment"),
    PersonRow("tan.shouzheng", "", "Tan Shouzheng", "谭守正", office="auditor"),
    # Centre operators, and the delegates who consent for their centres.
    PersonRow("he.jianguo", "hengshan", "He Jianguo", "何建国", ("member", "operator")),
    PersonRow("peng.lin", "hengshan", "Peng Lin", "彭霖", ("member", "delegate", "admin")),
    PersonRow("cairang", "qinghu", "Cairang Zhaxi", "才让扎西", ("member", "operator")),
    PersonRow("ma.xiulan", "qinghu", "Ma Xiulan", "马秀兰", ("member", "delegate", "admin")),
    PersonRow(
        "e.lund", "nordvik", "Erik Lund", "埃里克·伦德", ("member", "operator"), language="en"
    ),
    PersonRow(
        "s.berg",
        "nordvik",
        "Sunniva Berg",
        "松妮娃·贝格",
        ("member", "delegate", "admin"),
        language="en",
    ),
    # Researchers.
    PersonRow("zhou.min", "nip", "Zhou Min", "周敏", PI),
    PersonRow("fan.kaiwen", "nip", "Fan Kaiwen", "范凯文", PI),
    PersonRow("xu.anran", "nip", "Xu Anran", "许安然", ("member", "delegate", "admin")),
    PersonRow("tang.yuhe", "iac", "Tang Yuhe", "唐雨荷", PI),
    PersonRow("jiang.chuan", "iac", "Jiang Chuan", "江川", ("member",)),
    PersonRow("lei.ming", "iac", "Lei Ming", "雷鸣", ("member", "delegate", "admin")),
    PersonRow("song.yiran", "linjiang", "Song Yiran", "宋怡然", PI),
    PersonRow("wei.guang", "linjiang", "Wei Guang", "魏光", ("member", "delegate", "admin")),
    PersonRow("ding.haoran", "beiming", "Ding Haoran", "丁浩然", PI),
    PersonRow("fu.xiaotang", "beiming", "Fu Xiaotang", "傅晓棠", ("member", "delegate", "admin")),
    PersonRow("a.novak", "alder", "Ana Novák", "安娜·诺瓦克", PI, language="en"),
    PersonRow(
        "j.field",
        "alder",
        "Jonas Field",
        "约纳斯·菲尔德",
        ("member", "delegate", "admin"),
        language="en",
    ),
    PersonRow("cheng.yu", "lanxin", "Cheng Yu", "程宇", PI),
    PersonRow("bai.lu", "lanxin", "Bai Lu", "白露", ("member", "delegate", "admin")),
    # Enterprise partners.
    PersonRow("yu.zhiyuan", "huayan", "Yu Zhiyuan", "余致远", ("member", "delegate", "admin")),
    PersonRow("hao.jing", "hengyuan", "Hao Jing", "郝静", ("member",)),
    PersonRow("ren.dong", "hengyuan", "Ren Dong", "任东", ("member", "delegate", "admin")),
    PersonRow("su.mingyue", "ningyue", "Su Mingyue", "苏明月", ("member", "delegate", "admin")),
    PersonRow("cao.yi", "jiangzhou", "Cao Yi", "曹毅", ("member", "delegate", "admin")),
    PersonRow("l.morel", "meridian", "Lucie Morel", "露西·莫雷尔", ("member",), language="en"),
    # Reviewers and panels.
    PersonRow(
        "yan.shuqing",
        "linjiang",
        "Yan Shuqing",
        "严书清",
        topics=("climate", "numerics", "large models"),
    ),
    PersonRow(
        "guo.tingting",
        "beiming",
        "Guo Tingting",
        "郭婷婷",
        topics=("large models", "low precision", "systems"),
    ),
    PersonRow(
        "h.lindqvist",
        "alder",
        "Hedda Lindqvist",
        "赫达·林德奎斯特",
        topics=("materials", "molecular simulation"),
        language="en",
    ),
    PersonRow(
        "xiao.bowen",
        "iac",
        "Xiao Bowen",
        "肖博文",
        topics=("climate", "data assimilation"),
    ),
    PersonRow("ouyang.qin", "beiming", "Ouyang Qin", "欧阳芹", topics=("systems",), panel=True),
    PersonRow(
        "kong.lingyi", "jiangzhou", "Kong Lingyi", "孔令仪", topics=("large models",), panel=True
    ),
    PersonRow(
        "p.solheim",
        "alder",
        "Per Solheim",
        "佩尔·索尔海姆",
        topics=("numerics",),
        panel=True,
        language="en",
    ),
)
