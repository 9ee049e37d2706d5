"""LaTeX: tables that compile, whose text is never a command."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pieces import EVERY

from xlt_cli.api import Column, Figure, Report, Row, Table, Text
from xlt_cli.formats import latex, markdown, terminal

HOSTILE = '50% of {a_b} & $x^2$ ~ #1 \\input{/etc/passwd} [x]* <y> "q" `--` |\n\x07'
BEST = Table(
    f"best {HOSTILE}",
    [Column("method"), Column("xnli", "right"), Column("gain", "right")],
    [
        Row([HOSTILE, Figure(0.7134, deviation=0.006), Figure(-0.01, -0.02, 0.01, sign="value")]),
        Row(
            [
                "[RS]",
                Figure(0.752, deviation=0.012, mark="*", strong=True),
                Figure(0.1, 0.05, 0.15, sign="value"),
            ],
            rule=True,
        ),
        Row(["*", Figure(float("nan")), None]),
    ],
)


def unescaped(shown: str) -> str:
    """What a reader sees of escaped text, by an independent reading of the commands."""
    named = {"textbackslash": "\\", "textasciicircum": "^", "textasciitilde": "~"}
    named |= {"textless": "<", "textgreater": ">", "textbar": "|", "char34": '"'}
    named |= {"textasciigrave": "`"}
    shown = re.sub(r"\\([a-z]+(?:34)?)\{\}", lambda m: f"\0{ord(named[m[1]])}\0", shown)
    shown = re.sub(r"\\(.)", lambda m: f"\0{ord(m[1])}\0", shown)
    assert not set(shown) & set("$&#%_^~\\")
    shown = shown.replace("{", "").replace("}", "")
    return re.sub("\0(\\d+)\0", lambda m: chr(int(m[1])), shown)


@settings(deadline=None)
@given(st.text(st.characters(min_codepoint=32, max_codepoint=126)))
def test_text_is_what_it_was_and_never_a_command(shown: str) -> None:
    assert unescaped(latex.escaped(shown)) == shown


@settings(deadline=None)
@given(st.text(st.sampled_from("\\{}%&$#_[]*-~^ab\n\t\x00")))
def test_a_row_has_its_cells_and_braces_match(shown: str) -> None:
    columns = [Column(shown), Column("b", "right")]
    text = latex.text(Report([Table(shown, columns, [Row([shown, 1]), Row(["x", shown])])]))
    bare = re.sub(r"\\[^a-z\\]", "", text)
    assert bare.count("{") == bare.count("}")
    rows = re.findall(r"^    (.*) \\\\$", text, re.M)
    assert [len(re.findall(r"(?<!\\)&", row)) for row in rows] == [1, 1, 1]
    assert not re.search(r"(?<!\\)%", text.partition("\n")[2])


def test_figures_stand_in_aligned_columns_with_what_is_beside_them() -> None:
    lines = [line.strip() for line in latex.text(Report([BEST])).splitlines()]
    assert lines[0] == latex.PACKAGES
    options = "detect-weight, mode=text"
    assert any(
        line.endswith(
            rf"{{l S[table-format=2.1, {options}] @{{\,}} l "
            rf"S[table-format=+2.1, {options}, retain-explicit-plus] @{{\,}} l}}"
        )
        for line in lines
    )
    assert r"{method} & \multicolumn{2}{c}{xnli} & \multicolumn{2}{c}{gain} \\" in lines
    best = r"\bfseries 75.2 & (1.2)\textsuperscript{{*}} & +10.0 & {[}5.0, 15.0{]} \\"
    assert rf"{{[}}RS{{]}} & {best}" in lines
    assert lines[lines.index(rf"{{[}}RS{{]}} & {best}") + 1] == r"\midrule"
    assert r"{*} & {nan} &  & {} &  \\" in lines
    for rule in (r"\toprule", r"\midrule", r"\bottomrule"):
        assert rule in lines


def test_the_best_is_bold_in_the_other_formats() -> None:
    table = Table(
        "t", [Column("a", "right")], [Row([Figure(0.5, strong=True)]), Row([Figure(0.4)])]
    )
    assert "| **50.0** |" in markdown.text(Report([table]))
    assert "50.0" in terminal.text(Report([table]), 60)


def test_every_piece_is_shown() -> None:
    text = latex.text(EVERY)
    for shown in (
        r"\section*{Everything}",
        r"\textbf{Warning: a warning}",
        r"\texttt{runs/a\_b}",
        "rows: 1,234",
        r"\subsection*{an inner report}",
        r"\item a note",
        "a footer",
        r"{[}25.0, 75.0{]}\textdagger{}",
    ):
        assert shown in text
    assert not re.search("[─-╿●]", text)


def test_it_compiles(tmp_path: Path) -> None:
    program = shutil.which("pdflatex")
    if program is None:
        pytest.skip("pdflatex is not installed")
    body = latex.text(Report([EVERY, BEST, Text(HOSTILE)]))
    source = "\\documentclass{article}\n\\usepackage{booktabs, siunitx}\n\\begin{document}\n"
    (tmp_path / "t.tex").write_text(f"{source}{body}\\end{{document}}\n", "utf-8")
    command = [program, "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "t.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=60)
    assert done.returncode == 0, done.stdout.decode(errors="replace")[-2000:]
