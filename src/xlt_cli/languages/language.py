"""A language, and the form in which it was written."""

from __future__ import annotations

from dataclasses import dataclass

from xlt_cli.languages import tables
from xlt_cli.languages.forms import PRIVATE
from xlt_cli.languages.iso import shortest


@dataclass(frozen=True)
class Language:
    """A language, and the form in which it was written.

    Attributes:
        code: as written, e.g. by a data set's files.
        language: the ISO 639-3 code of what is written: an individual language or a macrolanguage.
        macrolanguage: the ISO 639-3 code of its macrolanguage, where it has one; otherwise
            `language`. The members of one macrolanguage count as the same (`same_as`).
        script: ISO 15924, e.g. `Latn`; empty if the code does not say (see `likely_script`).
        territory: ISO 3166-1 or UN M.49, e.g. `BR`; empty if the code does not say.
        variant: any further subtags, such as the name of a treebank or a dialect.
    """

    code: str
    language: str
    macrolanguage: str
    script: str = ""
    territory: str = ""
    variant: str = ""

    @property
    def short(self) -> str:
        """Its shortest code: ISO 639-1 where there is one, otherwise ISO 639-3."""
        return shortest(self.language)

    @property
    def broad(self) -> str:
        """The shortest code of its macrolanguage: what rules for a language as such go by."""
        return shortest(self.macrolanguage)

    @property
    def name(self) -> str:
        """Its English name, e.g. `Swahili`; the code where it has none."""
        if PRIVATE.fullmatch(self.language):
            return self.code
        import langcodes

        return langcodes.Language.make(language=shortest(self.language)).language_name("en")

    @property
    def family(self) -> str | None:
        """Its top-level family, e.g. `Atlantic-Congo`; None if the table does not have it."""
        return tables.family(self.language, self.macrolanguage)

    @property
    def resource_class(self) -> int | None:
        """Its class of Joshi et al. (2020), from 0 (least resources) to 5; None if unknown."""
        return tables.resource_class(self.language)

    def same_as(self, other: Language) -> bool:
        """Whether the two count as one language when it is asked what a model has seen."""
        return self.macrolanguage == other.macrolanguage

    def is_or_includes(self, other: Language) -> bool:
        """Whether the two are one individual language, or one is the macrolanguage of the other.

        Unlike `same_as`, this keeps the members of a macrolanguage apart.
        """
        return self.language == other.language or (
            self.macrolanguage == other.macrolanguage
            and self.macrolanguage in (self.language, other.language)
        )
