"""What a reader runs: download a release with the unmodified huggingface_hub client.

Takes HF_ENDPOINT and HF_TOKEN from the environment. Prints one JSON object: the files with
their sha256, or the name of the client's error.
"""

import hashlib
import json
import sys
from pathlib import Path

from huggingface_hub import HfApi, hf_hub_download, snapshot_download
from huggingface_hub.errors import HfHubHTTPError


def main() -> None:
    name, revision = sys.argv[1], sys.argv[2]
    try:
        info = HfApi().model_info(name, revision=revision)
        folder = Path(snapshot_download(name, revision=revision))
        one = hf_hub_download(name, "MLmodel", revision=revision)
    except HfHubHTTPError as error:
        print(json.dumps({"error": type(error).__name__}))  # noqa: T201  what the test reads
        return
    files = {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }
    found = {"sha": info.sha, "files": files, "one": Path(one).name}
    print(json.dumps(found))  # noqa: T201


if __name__ == "__main__":
    main()
