"""Small tables for notebooks, without a data frame library."""

from collections.abc import Mapping, Sequence
from html import escape

from IPython.display import HTML


def table(rows: Sequence[Mapping], columns: Sequence[str] = ()) -> HTML:
    """Rows as an HTML table, which the book and JupyterLab both show.

    Args:
        rows: One mapping per row, all with the same keys; numbers are shown to three digits.
        columns: Which keys to show, in this order; all by default.

    Chapter: 02_dictionary
    """
    columns = list(columns or (rows[0] if rows else ()))
    head = "".join(f'<th scope="col">{escape(str(column))}</th>' for column in columns)
    body = "\n".join(
        "<tr>" + "".join(f"<td>{_cell(row[column])}</td>" for column in columns) + "</tr>"
        for row in rows
    )
    return HTML(
        f'<table class="table dataframe">\n<thead><tr>{head}</tr></thead>\n'
        f"<tbody>\n{body}\n</tbody></table>"
    )


def _cell(value: object) -> str:
    return escape(f"{value:.3g}" if isinstance(value, float) else str(value))
