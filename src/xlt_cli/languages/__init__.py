"""Languages as objects: every common form of a code or name resolves to one language.

Data sets write the same language in different ways: `sw`, `swa`, `swh`, `swh_Latn`, `sw_KE`,
`swahili`. A `Language` keeps the form that was written and knows which language it is. Three rules
are built on it (docs/reference/languages.md):

same language (`same_language`): decides whether a model has seen a language. It errs towards
    "seen": script, region and variant are ignored, and a macrolanguage of ISO 639-3 and all its
    members count as one language.
service (`serves`): decides whether what is made for some languages can be used on another. It keeps
    the members of a macrolanguage apart.
own code (`own_code`): finds the code of a task's files that a user means. It keeps the members of a
    macrolanguage and the scripts of a language apart.

`facts_of` gives the family, script and resource class of a language, by which results are grouped.

May stand here: what is true of a language whatever the task, the model and the run; tables of such
facts are files beside the code, with their source in the first lines. langcodes, its tables and
these files are read only when two different codes have to be compared, or a fact is asked for.
"""

from xlt_cli.languages.facts import FACTS as FACTS
from xlt_cli.languages.facts import Facts as Facts
from xlt_cli.languages.facts import facts_of as facts_of
from xlt_cli.languages.language import Language as Language
from xlt_cli.languages.own_codes import own_code as own_code
from xlt_cli.languages.own_codes import own_codes as own_codes
from xlt_cli.languages.reading import broad_code as broad_code
from xlt_cli.languages.reading import language_of as language_of
from xlt_cli.languages.reading import lookup as lookup
from xlt_cli.languages.same import among as among
from xlt_cli.languages.same import same_language as same_language
from xlt_cli.languages.same import serves as serves
from xlt_cli.languages.same import written_twice as written_twice
from xlt_cli.languages.scripts import likely_script as likely_script
