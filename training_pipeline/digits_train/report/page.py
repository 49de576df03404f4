"""What a report consists of, and how it becomes HTML or Markdown."""

import base64
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import TypeAlias

SVG = '<svg xmlns="http://www.w3.org/2000/svg"'

STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; margin: 1rem 0; font-variant-numeric: tabular-nums; }
th, td { padding: .2rem .7rem; text-align: right; border-bottom: 1px solid #8884; }
th:first-child, td:first-child { text-align: left; }
.wide { overflow-x: auto; }
figure { margin: 1.5rem 0; }
figure svg, figure img { max-width: 100%; height: auto; background: #fff; }
figcaption, .note { font-size: .9rem; opacity: .8; }
"""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of text under a head."""

    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    caption: str = ""


@dataclass(frozen=True, slots=True)
class Figure:
    """A picture: `content` is an SVG element without its namespace, or a PNG file's bytes."""

    name: str
    content: str | bytes
    caption: str

    @property
    def file(self) -> str:
        """The name of its file."""
        return f"{self.name}.{'svg' if isinstance(self.content, str) else 'png'}"

    def write(self, folder: Path) -> None:
        """Write it into `folder` as a file of its own."""
        if isinstance(self.content, str):
            whole = self.content.replace("<svg", SVG, 1) + "\n"
            (folder / self.file).write_text(whole, "utf-8")
        else:
            (folder / self.file).write_bytes(self.content)


Block: TypeAlias = str | Table | Figure
"""A paragraph, a table or a picture."""


@dataclass(frozen=True, slots=True)
class Chapter:
    """Blocks under a heading."""

    title: str
    blocks: list[Block] = field(default_factory=list)


def figures(chapters: Iterable[Chapter]) -> list[Figure]:
    """All pictures of a report, in order."""
    return [b for chapter in chapters for b in chapter.blocks if isinstance(b, Figure)]


def html(title: str, chapters: Sequence[Chapter]) -> str:
    """One HTML document that needs nothing from outside."""
    contents = "".join(
        f'<li><a href="#c{number}">{escape(chapter.title)}</a></li>'
        for number, chapter in enumerate(chapters)
    )
    body = "\n".join(
        f'<h2 id="c{number}">{escape(chapter.title)}</h2>\n'
        + "\n".join(_block_html(block) for block in chapter.blocks)
        for number, chapter in enumerate(chapters)
    )
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
        f"<h1>{escape(title)}</h1>\n<nav><ul>{contents}</ul></nav>\n{body}\n</body>\n</html>\n"
    )


def markdown(title: str, chapters: Sequence[Chapter], folder: str) -> str:
    """A Markdown document whose pictures lie in `folder` beside it."""
    parts = [f"# {title}"]
    for chapter in chapters:
        parts.append(f"## {chapter.title}")
        parts += [_block_markdown(block, folder) for block in chapter.blocks]
    return "\n\n".join(parts) + "\n"


def table_markdown(table: Table) -> str:
    """A table as Markdown: the first column to the left, figures to the right."""
    rules = ["---", *["--:"] * (len(table.head) - 1)]
    lines = [f"| {' | '.join(row)} |" for row in (table.head, rules, *table.rows)]
    return "\n".join([*lines, *(["", table.caption] if table.caption else [])])


def _block_html(block: Block) -> str:
    if isinstance(block, str):
        return f"<p>{escape(block)}</p>"
    if isinstance(block, Figure):
        return f"<figure>{_picture(block)}<figcaption>{escape(block.caption)}</figcaption></figure>"
    head = "".join(f"<th>{escape(cell)}</th>" for cell in block.head)
    rows = "\n".join(
        f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in block.rows
    )
    note = f'<p class="note">{escape(block.caption)}</p>' if block.caption else ""
    return f'<div class="wide"><table><tr>{head}</tr>\n{rows}\n</table></div>{note}'


def _picture(figure: Figure) -> str:
    alt = escape(figure.caption, quote=True)
    if isinstance(figure.content, str):
        return figure.content.replace("<svg", f'<svg role="img" aria-label="{alt}"', 1)
    encoded = base64.b64encode(figure.content).decode()
    return f'<img alt="{alt}" src="data:image/png;base64,{encoded}">'


def _block_markdown(block: Block, folder: str) -> str:
    if isinstance(block, str):
        return block
    if isinstance(block, Figure):
        return f"![{block.caption}]({folder}/{block.file})\n\n{block.caption}"
    return table_markdown(block)
