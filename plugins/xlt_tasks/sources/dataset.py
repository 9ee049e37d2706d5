"""Any data set repository on the hub: which of its files hold which split and language.

Three ways, the first that applies: a pattern that the user gives (`naming.Naming`), the `configs`
that the repository's README.md declares, or the names of splits in those of files and folders.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

from xlt_cli.api import SPLITS, DataError, Split
from xlt_tasks.sources.formats import suffix_of
from xlt_tasks.sources.hub_client import Client
from xlt_tasks.sources.naming import SPLIT_NAMES, FilesByPart, compile_pattern

MAIN = "main"
"""The branch that is read where no other revision is asked for."""
CARD = "README.md"
INFOS = "dataset_infos.json"
"""What `datasets` once wrote of the data beside a loading script."""
CONVERTED = "refs/convert/parquet"
"""The branch with the hub's own conversion, for repositories that have a script instead of data."""
ANY_SPLIT = re.compile(
    rf"(?<![A-Za-z])(?:{'|'.join(n for names in SPLIT_NAMES.values() for n in names)})(?![A-Za-z])"
)
ADVICE = "download the files and give their folder with `path`"


@dataclass
class HubFiles:
    """The files of one repository at one revision."""

    name: str
    revision: str
    kind: str = "repository"

    @cached_property
    def _client(self) -> Client:
        return Client(self.name, self.revision)

    @cached_property
    def _names(self) -> list[str]:
        names = self._client.names(ADVICE)
        script = any(name.endswith(".py") for name in names)
        data = any(suffix_of(name) for name in names if name != INFOS)
        if not script or self.revision != MAIN or data:
            return names
        converted = Client(self.name, CONVERTED)
        try:
            names = converted.names(ADVICE)
        except DataError:
            return names  # there is no such branch: what is missing is said by the layout
        self._client = converted
        return names

    def names(self, depth: int | None = None) -> Sequence[str]:
        """The names of the repository's files, whatever the depth."""
        return self._names

    def place(self, name: str = "") -> str:
        """The repository and its commit, or a file of it."""
        place = f"{self.name}@{self._client.revision}"
        return f"{place}: {name}" if name else place

    def bring(self, names: Sequence[str]) -> tuple[str, list[Path]]:
        """The repository and its commit as the source, and the files in the cache."""

        def pick(snapshot: Path) -> list[Path] | None:
            paths = [snapshot / name for name in names]
            return paths if all(path.exists() for path in paths) else None

        wanted = [re.sub(r"([\[?*])", r"[\1]", name) for name in names]
        paths = self._client.bring(wanted, pick, self.place(", ".join(names)), ADVICE)
        return f"{self.name}@{self._client.revision}", paths

    def all_files(self) -> None:
        """Not known here: a branch of the repository may point to another commit by now."""

    def card(self) -> str:
        """The text of the repository's README.md; empty if it has none."""
        if CARD not in self._names:
            return ""
        return self.bring([CARD])[1][0].read_text("utf-8", errors="replace")


@dataclass(frozen=True)
class HubLayout:
    """Which files of a repository hold what.

    Attributes:
        files: the repository.
        subset: the names of the configurations to read, with `{language}` or without.
        splits: what a split is called, where that is none of the usual names.
    """

    files: HubFiles
    subset: str | None = None
    splits: Mapping[Split, str] = field(default_factory=dict)
    depth: int | None = None

    def find(self, names: Sequence[str]) -> FilesByPart:
        """The files by split and language."""
        configs = configs_of(self.files.card())
        return self._declared(configs, names) if configs else self._by_name(names)

    def several(self, split: Split) -> bool:
        """The data of one split and language may be several files."""
        return True

    def example(self, split: Split, language: str) -> str:
        """What was looked for."""
        subset = (self.subset or "").replace("{language}", language)
        return f"{subset or language}, {self.splits.get(split, split)}"

    def _split_names(self, split: Split) -> tuple[str, ...]:
        return (self.splits[split],) if split in self.splits else SPLIT_NAMES[split]

    def _declared(
        self, configs: Mapping[str, Mapping[str, list[str]]], names: Sequence[str]
    ) -> FilesByPart:
        from fsspec.utils import glob_translate

        declared: FilesByPart = {}
        chosen = self._chosen(list(configs))
        for config, language in chosen.items():
            for split in SPLITS:
                called = [n for n in self._split_names(split) if n in configs[config]]
                patterns = [p.removeprefix("./") for n in called for p in configs[config][n]]
                globs = [re.compile(glob_translate(pattern)) for pattern in patterns]
                files = [n for n in names if any(glob.fullmatch(n) for glob in globs)]
                if files:
                    declared[split, language] = sorted(files)
        return declared

    def _chosen(self, configs: Sequence[str]) -> dict[str, str | None]:
        """The configurations to read, and the language of each as far as its name says it."""
        if self.subset is None:
            if len(configs) == 1:
                return {configs[0]: None}
            listed = ", ".join(configs[:20]) + (", ..." if len(configs) > 20 else "")
            raise DataError(
                f"the data set has {len(configs)} subsets: {listed}",
                self.files.place(),
                'select one with `subset`, or several by language: `subset: "{language}"`',
            )
        expression = compile_pattern(self.subset)
        matches = {config: expression.fullmatch(config) for config in configs}
        chosen = {c: m.groupdict().get("language") for c, m in matches.items() if m is not None}
        if not chosen:
            raise DataError(
                f"the data set has no subset '{self.subset}'",
                self.files.place(),
                f"its subsets: {', '.join(configs[:40])}",
            )
        return chosen

    def _by_name(self, names: Sequence[str]) -> FilesByPart:
        """By the names of splits in the names of files, then of folders, as `datasets` does."""
        expression = None if self.subset is None else compile_pattern(self.subset)
        named: FilesByPart = defaultdict(list)
        for name in names:
            path = PurePosixPath(name)
            folders = list(path.parts[:-1])
            if suffix_of(name) is None or name.startswith(".") or path.name == INFOS:
                continue
            language = None
            if expression is not None:
                parts = [part for part in folders if part != "data" and not ANY_SPLIT.search(part)]
                matches = [match for part in parts if (match := expression.fullmatch(part))]
                if not matches:
                    continue
                language = matches[-1].groupdict().get("language")
                folders.remove(matches[-1].string)
            for split in SPLITS:
                if self._says(split, path.name) or (
                    not any(self._says(other, path.name) for other in SPLITS)
                    and any(self._says(split, part) for part in folders)
                ):
                    named[split, language].append(name)
        for (split, _), files in named.items():
            self._check_alike(split, files)
        return {key: sorted(files) for key, files in named.items()}

    def _says(self, split: Split, part: str) -> bool:
        words = "|".join(map(re.escape, self._split_names(split)))
        return (
            not part.startswith("partial-")  # what the hub converted only in part
            and re.search(rf"(?<![A-Za-z])(?:{words})(?![A-Za-z])", part) is not None
        )

    def _check_alike(self, split: Split, files: Sequence[str]) -> None:
        """Refuses to read as one what may be several data sets."""
        kinds = {(str(PurePosixPath(name).parent), suffix_of(name)) for name in files}
        if len(kinds) > 1:
            listed = ", ".join(sorted(files)[:6])
            raise DataError(
                f"the {split} files are in several folders or formats: {listed}",
                self.files.place(),
                'select some of them with `subset: "{language}"` or `files: PATTERN`',
            )


def configs_of(card: str) -> dict[str, dict[str, list[str]]]:
    """The patterns of each split of each configuration that a README.md declares."""
    if not card.lstrip().startswith("---"):
        return {}
    from huggingface_hub import DatasetCard

    data: Any = DatasetCard(card, ignore_metadata_errors=True).data
    declared = data.get("configs")
    configs: dict[str, dict[str, list[str]]] = {}
    for config in declared if isinstance(declared, list) else []:
        if isinstance(config, dict) and "data_files" in config:
            name = str(config.get("config_name", "default"))
            configs[name] = _patterns(config["data_files"])
    return configs


def _patterns(data_files: Any) -> dict[str, list[str]]:
    """The patterns by split, in any of the forms that the hub takes; a bare one is train."""
    if isinstance(data_files, dict):
        return {str(split): _list(paths) for split, paths in data_files.items()}
    entries = _list(data_files)
    if all(isinstance(entry, dict) for entry in entries):
        return {str(e.get("split", "train")): _list(e.get("path", [])) for e in entries}
    return {"train": [str(entry) for entry in entries]}


def _list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list) else [value]
