"""The rows of a task: examples that give access to their texts and can be edited.

An example is a frozen dataclass that derives from `Example` and has `id` and `languages`. Text
perturbations, hashes and checks use the methods below only, so that they work with any type of
example.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Literal, Self, cast

Split = Literal["train", "dev", "test"]
SPLITS: tuple[Split, ...] = ("train", "dev", "test")

Edit = str | tuple[tuple[str, ...], ...]
"""The replacement of a text: another text or, for each of its words, the words that replace it."""


@dataclass(frozen=True, slots=True)
class ExampleText:
    """A text of an example, as perturbations see it.

    Attributes:
        content: the text, if no labels belong to its words.
        words: its words, if labels belong to them: a word may be replaced but not moved.
    """

    language: str
    content: str = ""
    words: tuple[str, ...] | None = None

    @property
    def unedited(self) -> Edit:
        """The edit that changes nothing."""
        return self.content if self.words is None else tuple((word,) for word in self.words)


class Example:
    """One row of a task.

    Attributes:
        id: identifies the row within its split. In an aligned task, rows with the same id are
            translations of each other.
        languages: the language of each text.
    """

    __slots__ = ()
    id: str
    languages: tuple[str, ...]

    def editable(self) -> tuple[ExampleText, ...]:
        """The texts that noise may change, each with its language; none by default."""
        return ()

    def edited(self, texts: Sequence[Edit]) -> Self | None:
        """The example with each of its `editable()` texts edited; None if its labels, tags or
        answers would not be correct any more. `Problem.edited` may override this with knowledge of
        the problem."""
        return None

    def content(self) -> Any:
        """The input that its labels refer to, as JSON values, without its id and its labels."""
        return [t.content if t.words is None else list(t.words) for t in self.editable()]

    def fingerprint(self) -> list[Any]:
        """Everything except the languages, as JSON values; by default its fields in order."""
        names = [field.name for field in fields(self)]  # type: ignore[arg-type]
        return [getattr(self, name) for name in names if name != "languages"]

    def as_row(self) -> dict[str, Any]:
        """What a line of a file says of it, as JSON values by name; by default its fields."""
        names = [field.name for field in fields(self)]  # type: ignore[arg-type]
        return {name: getattr(self, name) for name in names if name != "languages"}

    def shared_label(self) -> str | None:
        """The label that an item has in all languages; None if each language has labels of its
        own."""
        return None

    def relabelled(self, label_of: Callable[[str], str]) -> Self:
        """The example with each label mapped to another; by default examples have no labels."""
        return self

    def fault(self) -> str:
        """A description of what is wrong with the example, beyond the types of its fields; empty if
        nothing is."""
        return ""

    def replacement_fault(self, other: Self, labels: Sequence[str]) -> str:
        """The reason why another example of the same type cannot replace this one in training.

        Args:
            labels: the labels of the task, if they are known.
        """
        return ""


class WholeTexts(Example):
    """An example of one text or a pair of texts, with a label or a number for all of it.

    Attributes:
        texts: one text, or the two texts of a pair.
    """

    __slots__ = ()
    texts: tuple[str, ...]

    def editable(self) -> tuple[ExampleText, ...]:
        pairs = zip(self.texts, self.languages, strict=True)
        return tuple(ExampleText(language, text) for text, language in pairs)

    def edited(self, texts: Sequence[Edit]) -> Self | None:
        whole = tuple(str(text) for text in texts)
        return cast(Self, replace(cast(Any, self), texts=whole))

    def content(self) -> Any:
        return self.texts

    def named_texts(self) -> dict[str, str]:
        """The texts as columns of a row."""
        names = ["text"] if len(self.texts) == 1 else ["text1", "text2"]
        return dict(zip(names, self.texts, strict=True))


@dataclass(frozen=True, slots=True)
class SequenceExample(WholeTexts):
    """One text or a pair of texts, and their label.

    Attributes:
        texts: one text, or the two texts of a pair.
        label: one of the task's labels.
    """

    id: str
    texts: tuple[str, ...]
    label: str
    languages: tuple[str, ...]

    def as_row(self) -> dict[str, Any]:
        return {"id": self.id, **self.named_texts(), "label": self.label}

    def shared_label(self) -> str | None:
        return self.label

    def relabelled(self, label_of: Callable[[str], str]) -> Self:
        return replace(self, label=label_of(self.label))

    def fingerprint(self) -> list[Any]:
        return [self.id, self.texts, self.label]

    def replacement_fault(self, other: Self, labels: Sequence[str]) -> str:
        if len(other.texts) != len(self.texts):
            return f"it has {len(other.texts)} texts, not {len(self.texts)}"
        if other.label != self.label:
            return f"its label is '{other.label}', not '{self.label}'"
        return ""


@dataclass(frozen=True, slots=True)
class TokenExample(Example):
    """One sentence: its words, and a tag for each of them."""

    id: str
    tokens: tuple[str, ...]
    tags: tuple[str, ...]
    languages: tuple[str, ...]

    def editable(self) -> tuple[ExampleText, ...]:
        return (ExampleText(self.languages[0], words=self.tokens),)

    def edited(self, texts: Sequence[Edit]) -> Self | None:
        """Replaces word by word. None if one word is replaced by several: only the problem knows
        their tags."""
        words = texts[0]
        if any(len(in_place) != 1 for in_place in words):
            return None
        return replace(self, tokens=tuple(in_place[0] for in_place in words))

    def content(self) -> Any:
        return self.tokens

    def relabelled(self, label_of: Callable[[str], str]) -> Self:
        return replace(self, tags=tuple(label_of(tag) for tag in self.tags))

    def fingerprint(self) -> list[Any]:
        return [self.id, self.tokens, self.tags]

    def fault(self) -> str:
        if len(self.tokens) != len(self.tags):
            return f"it has {len(self.tokens)} words and {len(self.tags)} tags"
        return ""

    def replacement_fault(self, other: Self, labels: Sequence[str]) -> str:
        """Words may be moved, removed or split; their tags stay with them."""
        strange = [tag for tag in other.tags if tag not in {*self.tags, *labels}]
        if strange:
            return f"its tag '{strange[0]}' is not one of the task's"
        if other.tokens == self.tokens and other.tags != self.tags:
            return "its words are the same, but its tags differ"
        return ""


@dataclass(frozen=True, slots=True)
class TextExample(Example):
    """A text without a label, or two texts that are translations of each other.

    Attributes:
        texts: one text, or two.
    """

    id: str
    texts: tuple[str, ...]
    languages: tuple[str, ...]

    def editable(self) -> tuple[ExampleText, ...]:
        pairs = zip(self.texts, self.languages, strict=True)
        return tuple(ExampleText(language, text) for text, language in pairs)

    def edited(self, texts: Sequence[Edit]) -> Self | None:
        return replace(self, texts=tuple(str(text) for text in texts))

    def fault(self) -> str:
        if len(self.texts) not in (1, 2) or len(self.texts) != len(self.languages):
            return f"it has {len(self.texts)} texts in {len(self.languages)} languages"
        return ""

    def replacement_fault(self, other: Self, labels: Sequence[str]) -> str:
        if len(other.texts) != len(self.texts):
            return f"it has {len(other.texts)} texts, not {len(self.texts)}"
        return ""


@dataclass(frozen=True)
class Rows:
    """The examples of one split in one language, and their source; returned by `Task.load`.

    Attributes:
        examples: the examples, in the order of the source.
        source: the path of the file, or `repository@commit` for the hub.
        notes: what readers of the results need to know, e.g. which rows were left out and why.
    """

    examples: tuple[Example, ...]
    source: str
    notes: tuple[str, ...] = ()
