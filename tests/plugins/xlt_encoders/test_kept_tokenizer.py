"""A tokenizer that was kept is the one that would be built, whatever befalls its file."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from test_e5_q4_file import Tiny, save
from transformers import PreTrainedTokenizerBase

from xlt_cli.user_cache import user_cache
from xlt_encoders import e5_q4_convert, kept_tokenizer
from xlt_encoders.e5_q4 import E5SmallQ4

TEXTS = ["hello  world", "hello <mask> Q", "a～", "<s>hello</s>", ""]


@pytest.fixture
def encoder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> E5SmallQ4:
    monkeypatch.setenv("XLT_CACHE_DIR", str(tmp_path / "cache"))
    return E5SmallQ4(E5SmallQ4.Params(path=save(tmp_path, Tiny().write())))


def files() -> list[Path]:
    return sorted((user_cache() / kept_tokenizer.FOLDER).iterdir())


def check(encoder: E5SmallQ4, folder: Path) -> None:
    """The encoder's tokenizer is the one that is built, in all that is saved of it."""
    tokenizer = encoder.load_tokenizer()
    built = e5_q4_convert.build_tokenizer(encoder._file())
    assert saved(tokenizer, folder / "loaded") == saved(built, folder / "built")
    assert tokenizer(TEXTS, TEXTS[::-1]).input_ids == built(TEXTS, TEXTS[::-1]).input_ids
    assert type(tokenizer) is type(built)


def saved(tokenizer: PreTrainedTokenizerBase, folder: Path) -> dict[str, bytes]:
    tokenizer.save_pretrained(folder)
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_the_second_time_it_is_read_and_not_built(
    encoder: E5SmallQ4, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check(encoder, tmp_path)
    (path,) = files()
    before = path.stat().st_mtime_ns
    check(encoder, tmp_path)
    assert path.stat().st_mtime_ns == before
    monkeypatch.setattr(e5_q4_convert, "build_backend", lambda file: pytest.fail("built again"))
    encoder.load_tokenizer()


@pytest.mark.parametrize("damage", ["byte", "end", "empty", "renamed", "gone"])
def test_a_damaged_file_is_built_again(encoder: E5SmallQ4, tmp_path: Path, damage: str) -> None:
    encoder.load_tokenizer()
    (path,) = files()
    whole = path.read_bytes()
    if damage == "byte":  # still JSON, and another vocabulary
        path.write_bytes(whole.replace(b"world", b"worlt"))
    elif damage == "renamed":
        path.rename(path.with_name(f"{path.name.split('.')[0]}.{'0' * 64}.json"))
    elif damage == "gone":
        path.unlink()
    else:
        os.truncate(path, 100 if damage == "end" else 0)
    check(encoder, tmp_path)
    assert path.read_bytes() == whole


def test_other_weights_another_format_and_another_library_have_files_of_their_own(
    encoder: E5SmallQ4, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder.load_tokenizer()
    assert len(files()) == 1
    monkeypatch.setattr(kept_tokenizer, "FORMAT", 2)
    check(encoder, tmp_path)
    assert len(files()) == 2
    monkeypatch.setattr("tokenizers.__version__", "9.9.9")
    check(encoder, tmp_path)
    assert len(files()) == 3
    other = Tiny(scores=[-2.0 * i for i in range(12)]).write()
    folder = tmp_path / "other"
    folder.mkdir()
    check(E5SmallQ4(E5SmallQ4.Params(path=save(folder, other))), folder)
    assert len(files()) == 4


@pytest.mark.parametrize("fault", ["read-only", "full", "a file", "no home"])
def test_a_cache_that_cannot_be_written_is_done_without(
    encoder: E5SmallQ4, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    def full(path: Path, content: bytes) -> None:
        with path.open("wb") as file:
            file.write(content[:10])
        raise OSError(28, "No space left on device")

    def read_only(self: Path, *args: object, **options: object) -> None:
        raise OSError(30, "Read-only file system")

    if fault == "read-only":  # root may write to any folder
        monkeypatch.setattr(Path, "mkdir", read_only)
    elif fault == "full":
        monkeypatch.setattr(Path, "write_bytes", full)
    elif fault == "a file":
        user_cache().write_text("")
    else:
        monkeypatch.setenv("XLT_CACHE_DIR", "~nobody-of-this-name/cache")
    tokenizer = encoder.load_tokenizer()
    built = e5_q4_convert.build_tokenizer(encoder._file())
    assert tokenizer(TEXTS).input_ids == built(TEXTS).input_ids
    if fault == "full":
        assert files() == []


def test_it_may_be_cleared_at_any_moment(
    encoder: E5SmallQ4, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokenizer = encoder.load_tokenizer()
    (path,) = files()
    path.unlink()
    assert (
        tokenizer("hello").input_ids
        == e5_q4_convert.build_tokenizer(encoder._file())("hello").input_ids
    )
    whole = kept_tokenizer.keep("0" * 64, e5_q4_convert.build_backend(encoder._file()))
    assert whole is not None
    whole.unlink()  # between the look at it and the reading of it
    monkeypatch.setattr(kept_tokenizer, "kept", lambda key: whole)
    check(encoder, tmp_path)


def test_two_processes_may_build_it_at_once(encoder: E5SmallQ4, tmp_path: Path) -> None:
    code = (
        "import sys; from xlt_encoders.e5_q4 import E5SmallQ4;"
        "encoder = E5SmallQ4(E5SmallQ4.Params(path=sys.argv[1]));"
        "print(encoder.load_tokenizer()('hello  world').input_ids)"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "tiny.bin")]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = [process.communicate()[0] for process in both]
    assert said == ["[1, 6, 7, 3]\n"] * 2
    assert len(files()) == 1
    check(encoder, tmp_path)
