"""Uploading the model of a run to the hub, with its tokenizer and its model card."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xlt_cli.errors import DataError, RunError, SpecError, UserError
from xlt_cli.runs import atomic, pruned
from xlt_cli.runs import stage as stages
from xlt_cli.runs.directory import Run
from xlt_cli.runs.portable import without_paths
from xlt_cli.sharing.card import FILE, card

if TYPE_CHECKING:
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError

_WITH_PATHS = ("config.json", "tokenizer_config.json", "adapter_config.json", stages.ABOUT)
"""Files in which libraries note where a model was read from."""
_EMPTY = {".gitattributes", "README.md", "LICENSE"}
"""What a repository has in which no model was put yet."""


@dataclass(frozen=True)
class Upload:
    """What is uploaded.

    Attributes:
        files: paths in the repository -> a file, or the content of one that is made for it.
    """

    repository: str
    files: Mapping[str, Path | bytes]

    def sizes(self) -> dict[str, int]:
        """The bytes of each file."""
        return {
            name: len(file) if isinstance(file, bytes) else file.stat().st_size
            for name, file in self.files.items()
        }


def upload_of(run: Run, repository: str, stage: int | None = None) -> Upload:
    """What is uploaded of a run; nothing is done yet.

    Args:
        repository: `ORG/NAME`.
        stage: counted from 1; None for the last.

    Raises:
        SpecError: that is no name of a repository, or there is no such stage.
        RunError: the stage has not finished, or its weights were pruned.
        DamagedFile: the model is not what the stage ended with.
    """
    _check_name(repository)
    count = len(run.spec.stages)
    if stage is not None and not 1 <= stage <= count:
        raise SpecError(
            f"'{run.name}' has no stage {stage}", "--stage", f"its stages: 1 to {count}"
        )
    index = (stage or count) - 1
    model = stages.check(run.stage(index), run.name, run.state)
    pruned.check_model(model, run.name)
    names = [name for name in atomic.manifest(model) or {} if name not in (FILE, atomic.MANIFEST)]
    files: dict[str, Path | bytes] = {FILE: card(run, index, repository).encode("utf-8")}
    files |= {name: _portable(model / name) for name in sorted(names)}
    return Upload(repository, files)


def push(
    run: Run,
    repository: str,
    *,
    private: bool = False,
    revision: str | None = None,
    stage: int | None = None,
) -> str:
    """Uploads a run's model in one commit; the repository is made if it is not there.

    Args:
        private: of a new repository.
        revision: a branch, which is made if it is not there; None: the main branch.

    Returns:
        The address of the commit.

    Raises:
        UserError: as `upload_of`; or the hub is not reached, or refuses.
    """
    check_online()
    upload = upload_of(run, repository, stage)
    from huggingface_hub import CommitOperationAdd, HfApi

    api = HfApi(endpoint=os.environ.get("HF_ENDPOINT") or None, library_name="xlt")
    with _explained(api, repository):
        api.create_repo(repository, private=private or None, exist_ok=True)
        _check_ours(api, repository, revision)
        if revision is not None:
            api.create_branch(repository, branch=revision, exist_ok=True)
        made = api.create_commit(
            repository,
            [
                CommitOperationAdd(name, file if isinstance(file, bytes) else str(file))
                for name, file in upload.files.items()
            ],
            commit_message=f"Upload {run.name}",
            revision=revision,
        )
    return str(made.commit_url)


def check_online() -> None:
    """Refuses an upload without the network.

    Raises:
        RunError: the hub's libraries are told not to use it.
    """
    if os.environ.get("HF_HUB_OFFLINE", "").upper() in ("1", "ON", "YES", "TRUE"):
        hint = "leave --offline out, and unset HF_HUB_OFFLINE; --dry-run lists the files"
        raise RunError("an upload needs the network", "xlt push", hint)


def _check_name(repository: str) -> None:
    from huggingface_hub.errors import HFValidationError
    from huggingface_hub.utils import validate_repo_id  # type: ignore[attr-defined]

    try:
        validate_repo_id(repository)
    except HFValidationError:
        repository = ""
    if repository.count("/") != 1:
        raise SpecError(
            "this is no name of a repository on the hub",
            "xlt push",
            "write ORG/NAME, of letters, digits, '-', '_' and '.', e.g. my-group/xnli-smart",
        )


def _check_ours(api: HfApi, repository: str, revision: str | None) -> None:
    """Refuses to put a model among the files of something else.

    Raises:
        DataError: the repository has files, and no model that xlt uploaded.
    """
    if revision is not None:
        return
    there = set(api.list_repo_files(repository))
    if there - _EMPTY and stages.ABOUT not in there:
        raise DataError(
            "the repository exists and holds something else than a model of xlt",
            repository,
            "give another name; or --revision BRANCH, which leaves the main branch as it is",
        )


def _portable(file: Path) -> Path | bytes:
    """A file, or its content without paths of this machine where it has any."""
    if file.name not in _WITH_PATHS:
        return file
    content = json.loads(file.read_text("utf-8"))
    bare = without_paths(content)
    if bare == content:
        return file
    bare.pop(atomic.CHECKSUM, None)  # it is of what was written
    return atomic.json_bytes(bare, indent=2) + b"\n"


@contextmanager
def _explained(api: HfApi, repository: str) -> Iterator[None]:
    """Errors of the hub and of the network, in words.

    Raises:
        RunError: in place of them.
    """
    from huggingface_hub.errors import HfHubHTTPError, LocalTokenNotFoundError

    where = f"{api.endpoint}/{repository}"
    try:
        yield
    except UserError:
        raise
    except LocalTokenNotFoundError as error:
        raise RunError("there is no token for the hub", where, _LOG_IN) from error
    except HfHubHTTPError as error:
        raise _refused(error, where) from error
    except Exception as error:
        # Which library speaks HTTP depends on the version of huggingface_hub.
        network = isinstance(error, OSError) or type(error).__module__.startswith("httpx")
        if not (network or isinstance(error, RuntimeError)):  # the latter while files are sent
            raise
        what = str(error.__cause__ or error) or type(error).__name__
        raise RunError(
            f"the hub cannot be reached: {what}",
            where,
            "nothing was published; check the network (and HF_ENDPOINT), and run it again",
        ) from error


_LOG_IN = (
    "make a token with write access at https://huggingface.co/settings/tokens, and run "
    "`hf auth login` or set HF_TOKEN"
)


def _refused(error: HfHubHTTPError, where: str) -> RunError:
    response: Any = getattr(error, "response", None)
    status = getattr(response, "status_code", None)
    said = (getattr(error, "server_message", None) or "").strip()
    detail = f": {said}" if said else ""
    if status == 401:
        return RunError(f"the hub does not accept the token{detail}", where, _LOG_IN)
    if status == 403:
        return RunError(
            f"the token may not write there{detail}",
            where,
            "use a name of your own or of your organisation, and a token with write access",
        )
    if status == 404:
        return RunError(
            f"the hub has no such place{detail}",
            where,
            "check the name, and that the token may see it",
        )
    stated = f" ({status})" if status else ""
    return RunError(f"the hub refused the upload{stated}{detail or f': {error}'}", where)
