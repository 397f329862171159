"""omic-verify: JSON on standard output, the verdict as exit status.

omic-verify verify --licence acme.lic --model ./model --cards 8 --field manufacturing
omic-verify verify --licence acme.lic --cards 8 -- serve-the-model --port 8001
omic-verify status --licence acme.lic
omic-verify refresh --licence acme.lic --from https://portal.example/licences/status.txt
omic-verify report --licence acme.lic --period 2026-11 --amount 7200 --out november.jws
omic-verify fingerprint
"""

import argparse
import hashlib
import json
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from . import __version__, bundle, host, manifest, memory, refresh, report
from .codes import MESSAGES, Code, Refused
from .jws import b64decode
from .root import ROOT_PUBLIC_KEY
from .verify import Papers, Use, Verdict, verify


def main(argv: Sequence[str] | None = None) -> int:
    words = list(sys.argv[1:] if argv is None else argv)
    words, command = _split(words)
    options = _parser().parse_args(words)
    options.command = command
    try:
        code, facts = options.run(options)
    except Refused as refusal:
        code, facts = refusal.code, {"detail": refusal.detail}
    _say(code, facts)
    if code is Code.OK and command:
        os.execvp(command[0], command)  # noqa: S606  what the licensee asked to start
    return int(code)


def _split(words: list[str]) -> tuple[list[str], list[str]]:
    """Our own words, and the command after `--` that starts only when the licence allows."""
    if "--" not in words:
        return words, []
    at = words.index("--")
    return words[:at], words[at + 1 :]


def _say(code: Code, facts: dict[str, Any]) -> None:
    english, chinese = MESSAGES[code]
    answer = {"code": code.name, "exit": int(code), "message": english, "message_zh": chinese}
    sys.stdout.write(json.dumps(answer | facts, ensure_ascii=False, indent=2) + "\n")
    sys.stdout.flush()


def root_key() -> bytes:
    if not ROOT_PUBLIC_KEY:
        raise Refused(Code.NO_ROOT)
    return b64decode(ROOT_PUBLIC_KEY)


def read_file(path: Path) -> bytes:
    """At most one byte more than a licence file may have. Raises Refused(UNREADABLE)."""
    try:
        with path.open("rb") as file:
            return file.read(bundle.LARGEST_FILE + 1)
    except OSError as error:
        raise Refused(Code.UNREADABLE, str(error)) from None


def _judge(options: argparse.Namespace, use: Use | None) -> Verdict:
    """Verify and save what was learned, whatever the verdict."""
    known = memory.load(options.state)
    verdict = verify(
        read_file(options.licence), root=root_key(), now=int(time.time()), memory=known, use=use
    )
    if verdict.papers is not None:
        memory.save(verdict.memory, options.state)
    return verdict


def _facts(verdict: Verdict) -> dict[str, Any]:
    facts: dict[str, Any] = {"detail": verdict.detail, "warnings": verdict.warnings}
    if verdict.papers is not None:
        facts |= _summary(verdict.papers)
    return facts


def _summary(papers: Papers) -> dict[str, Any]:
    licence = papers.licence
    return {
        "licence": licence["jti"],
        "licensee": licence["sub"],
        "agreement": licence["agr"],
        "models": licence["models"],
        "not_before": _utc(licence["nbf"]),
        "expires": _utc(licence["exp"]),
        "grace_seconds": licence["grace"],
        "entitlement": licence["ent"],
        "use": licence["use"],
        "status_epoch": papers.status["epoch"],
        "status_as_of": _utc(papers.status["iat"]),
        "trust_version": papers.trust.version,
    }


def _utc(seconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def run_verify(options: argparse.Namespace) -> tuple[Code, dict[str, Any]]:
    verdict = _judge(options, None)
    if verdict.code is not Code.OK or verdict.papers is None:
        return verdict.code, _facts(verdict)
    bound = verdict.papers.licence["bind"]["kind"] == "hosts"
    root = manifest.root(manifest.of_folder(options.model)) if options.model else None
    use = Use(
        manifest_root=options.manifest_root or root,
        host=options.host or (host.fingerprint() if bound else None),
        nodes=options.nodes,
        cards=options.cards,
        field=options.field,
        region=options.region,
        public_facing=options.public_facing,
    )
    verdict = _judge(options, use)
    return verdict.code, _facts(verdict)


def run_status(options: argparse.Namespace) -> tuple[Code, dict[str, Any]]:
    verdict = _judge(options, None)
    return verdict.code, _facts(verdict)


def run_fingerprint(_options: argparse.Namespace) -> tuple[Code, dict[str, Any]]:
    root = hashlib.sha256(root_key()).hexdigest()
    return Code.OK, {"host": host.fingerprint(), "root": root, "version": __version__}


def run_refresh(options: argparse.Namespace) -> tuple[Code, dict[str, Any]]:
    """Put the fetched status list into the licence file, if it is authentic and not older."""
    known = memory.load(options.state)
    old = bundle.read(read_file(options.licence))
    new = refresh.renewed(old, refresh.fetch(options.source)).text().encode()
    verdict = verify(new, root=root_key(), now=int(time.time()), memory=known, use=None)
    if verdict.papers is not None and verdict.code not in (Code.WRONG_LIST, Code.EPOCH_ROLLBACK):
        memory.save(verdict.memory, options.state)
        try:
            memory.replace(options.licence, new)
        except OSError as error:
            raise Refused(Code.UNREADABLE, str(error)) from None
    return verdict.code, _facts(verdict)


def run_report(options: argparse.Namespace) -> tuple[Code, dict[str, Any]]:
    verdict = _judge(options, None)
    if verdict.papers is None:
        return verdict.code, _facts(verdict)
    sequence = verdict.memory.reports + 1
    text = report.write(
        verdict.papers,
        period=options.period,
        amount=options.amount,
        sequence=sequence,
        now=int(time.time()),
        key=options.state[0] / report.KEY_FILE,
    )
    memory.save(replace(verdict.memory, reports=sequence), options.state)
    try:
        memory.replace(options.out, f"{text}\n".encode())
    except OSError as error:
        raise Refused(Code.UNREADABLE, str(error)) from None
    return Code.OK, {"report": str(options.out), "sequence": sequence}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="omic-verify", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(required=True, metavar="command")
    _add_verify(_command(commands, "verify", run_verify, "may this be done under the licence?"))
    _command(commands, "status", run_status, "how does the licence stand?")
    refreshing = _command(commands, "refresh", run_refresh, "take in the newest status list")
    refreshing.add_argument("--from", dest="source", required=True, help="path or http(s) address")
    reporting = _command(commands, "report", run_report, "write a signed usage report")
    reporting.add_argument("--period", required=True, help="such as 2026-11")
    reporting.add_argument("--amount", required=True, type=_count, help="in the licence's unit")
    reporting.add_argument("--out", required=True, type=Path)
    own = commands.add_parser("fingerprint", help="which host and which root is this?")
    own.set_defaults(run=run_fingerprint)
    return parser


def _command(commands: Any, name: str, run: Any, summary: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name, help=summary)
    parser.add_argument("--licence", required=True, type=Path, help="the .lic file")
    parser.add_argument(
        "--state", nargs=2, type=Path, default=memory.default_places(), help="two folders"
    )
    parser.set_defaults(run=run)
    return parser


def _add_verify(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", type=Path, help="folder of the model's files, to be hashed")
    parser.add_argument("--manifest-root", help="its manifest root, where it was hashed before")
    parser.add_argument("--host", help="fingerprint, where it cannot be read here")
    parser.add_argument("--nodes", type=_count)
    parser.add_argument("--cards", type=_count)
    parser.add_argument("--field", help="field of use")
    parser.add_argument("--region")
    parser.add_argument("--public-facing", action="store_true", help="a service to the public")


def _count(text: str) -> int:
    number = int(text)
    if number < 0:
        raise ValueError(text)
    return number
