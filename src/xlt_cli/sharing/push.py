"""Uploading the model of a run to the hub, with its tokenizer and its model card."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xlt_cli.errors import DataError, RunError, SpecError, UserError
from xlt_cli.runs import stage as stages
from xlt_cli.runs.directory import Run
from xlt_cli.sharing.files import Content, files_of, size_of
from xlt_cli.weights.packed_file import Packed

if TYPE_CHECKING:
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError

_EMPTY = {".gitattributes", "README.md", "LICENSE"}
"""What a repository has in which no model was put yet."""


@dataclass(frozen=True)
class Upload:
    """What is uploaded.

    Attributes:
        files: by their paths in the repository; see `files_of`.
    """

    repository: str
    files: Mapping[str, Content]

    def sizes(self) -> dict[str, int]:
        """The bytes of each file."""
        return {name: size_of(content) for name, content in self.files.items()}


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
    return Upload(repository, files_of(run, repository, stage))


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
        with tempfile.TemporaryDirectory(prefix="xlt-push-") as folder:
            ordinary = [
                CommitOperationAdd(name, _uploadable(content, Path(folder) / str(number)))
                for number, (name, content) in enumerate(upload.files.items())
            ]
            made = api.create_commit(
                repository, ordinary, commit_message=f"Upload {run.name}", revision=revision
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


def _uploadable(content: Content, place: Path) -> bytes | str:
    """A file's content or path; packed weights are made ordinary ones at a place."""
    if isinstance(content, Packed):
        from xlt_cli.weights.opening import write_whole

        write_whole(content, place)
        return str(place)
    return content if isinstance(content, bytes) else str(content)


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
