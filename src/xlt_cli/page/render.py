"""The page as one HTML file: templates, styles, scripts and figures, and nothing from elsewhere."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from functools import cache
from importlib import resources
from importlib.util import find_spec
from typing import Any

from xlt_cli.errors import UserError
from xlt_cli.page import html
from xlt_cli.page.blocks import Chart, Section, charts_of
from xlt_cli.page.content import Content
from xlt_cli.page.sections import SECTIONS


def page(content: Content, live: str = "") -> str:
    """The HTML of the page.

    Args:
        live: the state of the runs; the page asks the server that it comes from for a newer one.
            Empty: the page asks nobody.
    """
    sections = [section(content) for section in SECTIONS]
    charts = [chart for section in sections for chart in charts_of(section.blocks)]
    numbers = {id(chart): number for number, chart in enumerate(charts)}
    library = bundle() if charts else ""
    scripts = [library, asset("page.js")] if charts else [asset("page.js")]
    made: str = _template().render(
        content=content,
        shown=[section for section in sections if section.blocks],
        left_out=_left_out(sections, content),
        numbers=numbers,
        scripts=scripts,
        data=html.script_json([_spec(chart) for chart in charts]),
        style=asset("page.css"),
        policy=policy(scripts, bool(live)),
        live=live,
    )
    return made


def policy(scripts: Sequence[str], live: bool) -> str:
    """The content security policy: only these scripts, and nothing from the network."""
    hashes = [
        "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"
        for text in scripts
    ]
    rules = [
        "default-src 'none'",
        f"script-src {' '.join(hashes)}",
        "style-src 'unsafe-inline'",
        "img-src data:",
        "connect-src 'self'" if live else "connect-src 'none'",
        "base-uri 'none'",
        "form-action 'none'",
    ]
    return "; ".join(rules)


@cache
def bundle() -> str:
    """Vega, Vega-Lite and Vega-Embed as one script."""
    from vl_convert import javascript_bundle

    text: str = javascript_bundle()  # type: ignore[call-arg]  # the stub lacks the default
    return text.replace("</script", "<\\/script").replace("<!--", "<\\!--").strip()


def check_installed() -> None:
    """Refuses work whose page could not be made.

    Raises:
        UserError: the extra `report` is not installed.
    """
    if None in (find_spec("jinja2"), find_spec("vl_convert")):
        raise missing_extra()


def missing_extra() -> UserError:
    """What is said where the libraries of the page are not installed."""
    return UserError(
        "a report page needs Jinja2 and vl-convert-python, which are not installed",
        "xlt report",
        'pip install "xlt-cli[report]"',
    )


def asset(name: str) -> str:
    """A file of the page's own styles and scripts."""
    file = resources.files("xlt_cli.page") / "assets" / name
    return file.read_text("utf-8").strip()


def _spec(chart: Chart) -> dict[str, Any]:
    return {**chart.spec, "description": chart.description}


def _left_out(sections: Sequence[Section], content: Content) -> list[tuple[str, str]]:
    """What is not on the page, and why."""
    parts = [(section.title, section.left_out) for section in sections if section.left_out]
    return [*parts, *(("Runs and evaluations", why) for why in content.missing)]


@cache
def _template() -> Any:
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("xlt_cli.page", "templates"),
        autoescape=True,
        finalize=html.safe,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters.update(
        id=id,
        kind=html.kind,
        cell_lines=html.lines,
        sort_key=html.sort_key,
        is_number=html.is_number,
        is_strong=html.strong,
    )
    return environment.get_template("page.html.j2")
