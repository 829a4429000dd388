"""Small tables for notebooks, without a data frame library."""

from collections.abc import Mapping, Sequence

from IPython.display import Markdown


def table(rows: Sequence[Mapping], columns: Sequence[str] = ()) -> Markdown:
    """Rows as a Markdown table, which the book and JupyterLab both show.

    Args:
        rows: One mapping per row, all with the same keys.
        columns: Which keys to show, in this order; all by default.

    Chapter: 02_dictionary
    """
    columns = list(columns or (rows[0] if rows else ()))
    lines = [columns, ["---"] * len(columns)]
    lines += [[_cell(row[column]) for column in columns] for row in rows]
    return Markdown("\n".join(f"| {' | '.join(line)} |" for line in lines))


def _cell(value: object) -> str:
    text = f"{value:.3g}" if isinstance(value, float) else str(value)
    text = text.replace("|", "\\|").replace("\n", " ")
    return text if text.startswith("`") else text.replace("$", "\\$")
