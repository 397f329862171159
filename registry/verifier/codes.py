"""What the verifier can answer. Exit codes are stable: scripts of licensees rely on them."""

from enum import IntEnum


class Code(IntEnum):
    """The verdict, and the exit status of the command. 1 and 2 are Python's and argparse's."""

    OK = 0
    NO_ROOT = 9
    TOO_LARGE = 10
    BAD_ENCODING = 11
    BAD_HEADER = 12
    BAD_JSON = 13
    BAD_CLAIMS = 14
    UNTRUSTED = 20
    TRUST_ROLLBACK = 21
    UNKNOWN_KEY = 22
    WRONG_KEY_USE = 23
    KEY_OUTSIDE_WINDOW = 24
    KEY_COMPROMISED = 25
    BAD_SIGNATURE = 26
    WRONG_LIST = 30
    EPOCH_ROLLBACK = 31
    CLOCK_ROLLBACK = 32
    REVOKED = 33
    SUSPENDED = 34
    SUPERSEDED = 35
    NOT_YET_VALID = 36
    STATUS_STALE = 37
    EXPIRED = 38
    WRONG_MODEL = 40
    WRONG_HOST = 41
    TOO_MANY_NODES = 42
    TOO_MANY_CARDS = 43
    FIELD_NOT_ALLOWED = 44
    REGION_NOT_ALLOWED = 45
    FILING_NEEDED = 46
    STATE_UNREADABLE = 50
    STATE_NOT_SAVED = 51
    UNREADABLE = 52
    NO_HOST_ID = 53
    UNREACHABLE = 54


class Refused(Exception):
    """The answer is no. `detail` is for people and may change; `code` does not."""

    def __init__(self, code: Code, detail: str = "") -> None:
        super().__init__(f"{code.name}: {detail}" if detail else code.name)
        self.code = code
        self.detail = detail


MESSAGES: dict[Code, tuple[str, str]] = {
    Code.OK: ("The licence allows this.", "许可允许此项使用。"),
    Code.NO_ROOT: (
        "This build of the verifier carries no root key. Get the wheel from the portal.",
        "此校验程序未内置根公钥。请从门户获取安装包。",
    ),
    Code.TOO_LARGE: ("The file is too large to be a licence.", "文件过大，不是许可文件。"),
    Code.BAD_ENCODING: (
        "The file is not a licence, or was changed. Download it again.",
        "文件不是许可文件或已被改动。请重新下载。",
    ),
    Code.BAD_HEADER: ("A part of the file has a wrong header.", "文件某一部分的头信息有误。"),
    Code.BAD_JSON: ("A part of the file is not strict JSON.", "文件某一部分不是严格的 JSON。"),
    Code.BAD_CLAIMS: (
        "A part of the file lacks a claim or has a wrong one.",
        "文件某一部分缺少声明或声明有误。",
    ),
    Code.UNTRUSTED: (
        "The trust document is not signed by this verifier's root.",
        "信任文档并非由本校验程序的根密钥签署。",
    ),
    Code.TRUST_ROLLBACK: (
        "This host has seen a newer trust document. Download the licence file again.",
        "本机已见过更新的信任文档。请重新下载许可文件。",
    ),
    Code.UNKNOWN_KEY: (
        "A part is signed by a key that the trust document does not name.",
        "某一部分由信任文档未列出的密钥签署。",
    ),
    Code.WRONG_KEY_USE: (
        "A part is signed by a key meant for another use.",
        "某一部分由用途不符的密钥签署。",
    ),
    Code.KEY_OUTSIDE_WINDOW: (
        "A part was signed outside its key's window.",
        "某一部分的签署时间超出其密钥的有效期。",
    ),
    Code.KEY_COMPROMISED: (
        "A part was signed after its key was declared compromised. Ask for a new licence file.",
        "某一部分签署于其密钥被宣布失密之后。请申请新的许可文件。",
    ),
    Code.BAD_SIGNATURE: (
        "A signature does not match. The file was changed.",
        "签名不符，文件已被改动。",
    ),
    Code.WRONG_LIST: (
        "The status list is not the one this licence names.",
        "状态列表与许可所指定的不一致。",
    ),
    Code.EPOCH_ROLLBACK: (
        "This host has seen a newer status list. Run omic-verify refresh.",
        "本机已见过更新的状态列表。请运行 omic-verify refresh。",
    ),
    Code.CLOCK_ROLLBACK: (
        "This host's clock is behind a time already seen. Set the clock.",
        "本机时钟早于已见过的时间。请校准时钟。",
    ),
    Code.REVOKED: ("The licence is revoked.", "许可已被撤销。"),
    Code.SUSPENDED: ("The licence is suspended.", "许可已被暂停。"),
    Code.SUPERSEDED: (
        "A newer licence replaces this one. Download it.",
        "此许可已被新的许可取代。请下载新许可。",
    ),
    Code.NOT_YET_VALID: ("The licence has not begun.", "许可尚未生效。"),
    Code.STATUS_STALE: (
        "The status list is too old. Run omic-verify refresh.",
        "状态列表已过旧。请运行 omic-verify refresh。",
    ),
    Code.EXPIRED: ("The licence has expired.", "许可已到期。"),
    Code.WRONG_MODEL: (
        "These files are not the model of this licence.",
        "这些文件不是此许可所含的模型。",
    ),
    Code.WRONG_HOST: ("The licence is bound to other hosts.", "许可已绑定其他主机。"),
    Code.TOO_MANY_NODES: (
        "The licence allows fewer nodes.",
        "节点数超过许可的上限。",
    ),
    Code.TOO_MANY_CARDS: ("The licence allows fewer cards.", "加速卡数超过许可的上限。"),
    Code.FIELD_NOT_ALLOWED: (
        "The licence does not cover this field of use.",
        "许可不包含此使用领域。",
    ),
    Code.REGION_NOT_ALLOWED: ("The licence does not cover this region.", "许可不包含此地区。"),
    Code.FILING_NEEDED: (
        "A service to the public needs a filing number in the licence.",
        "面向公众提供服务须在许可中载明备案号。",
    ),
    Code.STATE_UNREADABLE: (
        "What the verifier remembers cannot be read. Restore its state folders.",
        "无法读取校验程序的状态记录。请恢复其状态目录。",
    ),
    Code.STATE_NOT_SAVED: (
        "What the verifier learned cannot be saved. Give it two writable folders by --state.",
        "无法保存校验程序的状态。请用 --state 指定两个可写目录。",
    ),
    Code.UNREADABLE: ("A file cannot be read or written.", "无法读取或写入文件。"),
    Code.NO_HOST_ID: (
        "This host has no machine id. Give --host with the fingerprint from the licence.",
        "本机没有机器标识。请用 --host 指定许可中的主机指纹。",
    ),
    Code.UNREACHABLE: (
        "The portal did not answer. Copy its status file here and give its path.",
        "无法连接门户。请将其状态文件拷贝到本机并指定路径。",
    ),
}
