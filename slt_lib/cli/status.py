"""The book's status page, and the table that a build ends with, made from `report.json`."""


def status_page(report: dict) -> str:
    """The status page in MyST Markdown.

    Args:
        report: What `report.json` holds.
    """
    rows = [
        "| chapter | status | seconds | peak memory | profile | last run (UTC) |",
        "|---|---|--:|--:|---|---|",
    ]
    for name, entry in report["chapters"].items():
        state = "done" if entry.get("ok") else "failed"
        memory = f"{entry['peak_mb']:.0f} MB" if entry.get("peak_mb") is not None else ""
        when = entry.get("finished", "").replace("T", " ").removesuffix("+00:00")
        rows.append(
            f"| {{doc}}`/notebooks/{name}` | {state} | {_seconds(entry)} | {memory} "
            f"| {entry.get('profile', '')} | {when} |"
        )
    total = sum(entry.get("seconds") or 0 for entry in report["chapters"].values())
    return "\n".join(
        [
            "# Status of this build",
            "",
            "Every chapter of this copy of the book was executed from its first cell to its last.",
            "This is how long each took and how much memory it needed.",
            "",
            *rows,
            "",
            f"All chapters together: {total:.0f} s. Machine: {report.get('machine', 'not known')}.",
            "",
            "Seconds are those of the chapter's last real run: a chapter whose source, library and",
            "parameters haven't changed isn't run again. Peak memory is the resident memory of the",
            "kernel and the processes it started, added up ten times a second; memory that they",
            "share counts more than once, and a shorter peak can be missed.",
            "",
        ]
    )


def closing_table(report: dict) -> str:
    """What each chapter took, for the terminal.

    Args:
        report: What `report.json` holds.
    """
    lines = []
    for name, entry in report["chapters"].items():
        memory = f"{entry['peak_mb']:.0f} MB" if entry.get("peak_mb") is not None else "-"
        note = "  (skipped: up to date)" if entry.get("skipped") else ""
        lines.append(f"  {name:<36}{_seconds(entry):>8} s {memory:>9}{note}")
    return "\n".join(lines)


def _seconds(entry: dict) -> str:
    return f"{entry['seconds']:.1f}" if entry.get("seconds") is not None else "-"
