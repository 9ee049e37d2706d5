"""A tokenizer from elsewhere than its model: a folder, or the files of a repository on the hub."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from xlt_cli.api import UserError
from xlt_encoders.hub import TOKENIZER_FILES, has_vocabulary, local_folder, offline


@dataclass(frozen=True)
class TokenizerFiles:
    """The folder of a tokenizer's files."""

    folder: Path

    def digest(self) -> str:
        """SHA-256 over the names and contents of the files."""
        whole = hashlib.sha256()
        for name in sorted(TOKENIZER_FILES):
            path = self.folder / name
            if path.is_file():
                content = hashlib.sha256(path.read_bytes()).hexdigest()
                whole.update(f"{name}\0{content}\n".encode())
        return whole.hexdigest()


def tokenizer_files(source: str) -> TokenizerFiles:
    """The files of a folder, or of a hub id (`owner/name` or `owner/name@revision`).

    What is in the hub's cache is used without asking the hub.

    Raises:
        UserError: there is no tokenizer.
        OfflineError: it is not on this machine, and the hub cannot be reached.
    """
    folder = local_folder(source)
    if folder is None:
        name, _, revision = source.partition("@")
        folder = _from_hub(name, revision or "main")
    if not has_vocabulary(folder):
        raise UserError(
            "there is no tokenizer", f"tokenizer: {source}", "give a hub id or a folder with one"
        )
    return TokenizerFiles(folder)


def _from_hub(name: str, revision: str) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import (
        HFValidationError,
        LocalEntryNotFoundError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    patterns = ["config.json", *TOKENIZER_FILES]
    try:
        try:
            cached = snapshot_download(
                name, revision=revision, allow_patterns=patterns, local_files_only=True
            )
            if has_vocabulary(Path(cached)):
                return Path(cached)
        except LocalEntryNotFoundError:
            pass
        return Path(snapshot_download(name, revision=revision, allow_patterns=patterns))
    except (HFValidationError, RepositoryNotFoundError, RevisionNotFoundError) as problem:
        raise UserError(
            "this is neither a folder nor the name of a tokenizer on the hub",
            f"tokenizer: {name}@{revision}",
            str(problem).strip().splitlines()[0],
        ) from problem
    except Exception as problem:  # of the hub's client, its HTTP library, TLS, sockets
        raise offline(name, revision, problem) from problem
