"""`-p NAME VALUE`: typed values, checked against what each chapter declares."""

import yaml

from slt_lib.cli.project import BookError, Chapter, Parameter, did_you_mean, parameters_of


def chapter_parameters(
    chapters: list[Chapter], given: list[tuple[str, str]]
) -> dict[str, dict[str, object]]:
    """What each chapter is run with; all is checked before anything runs.

    A parameter goes to every chosen chapter that declares it.

    Args:
        chapters: The chosen chapters.
        given: Names and values as typed on the command line.

    Returns:
        Chapter name to the values that it gets.

    Raises:
        BookError: If no chosen chapter knows a name, or a value isn't of the declared type.
    """
    declared = {chapter.name: parameters_of(chapter) for chapter in chapters}
    known = sorted({name for parameters in declared.values() for name in parameters})
    chosen: dict[str, dict[str, object]] = {chapter.name: {} for chapter in chapters}
    for name, text in given:
        if name not in known:
            raise BookError(
                f"No chosen chapter has a parameter {name!r}.{did_you_mean(name, known)}",
                fix=_known(declared),
            )
        for chapter, parameters in declared.items():
            if name in parameters:
                chosen[chapter][name] = typed(text, parameters[name], chapter)
    return chosen


def typed(text: str, parameter: Parameter, chapter: str) -> object:
    """A typed value out of what was written on the command line.

    Args:
        text: The value as written: `3`, `1e-3`, `true`, `none`, `[0, 42]`, a word.
        parameter: What the chapter declares.
        chapter: Its name, for the message.

    Raises:
        BookError: If the value isn't of the declared type.
    """
    value = text if parameter.type == "str" else _parse(text)
    kind = parameter.type.split("[")[0].split("|")[0]
    types = {"int": int, "float": (int, float), "bool": bool, "list": list, "dict": dict}
    optional = value is None and "None" in parameter.type
    if kind in types and not optional:
        good = isinstance(value, types[kind]) and (kind == "bool" or not isinstance(value, bool))
        if not good:
            raise BookError(
                f"{chapter} wants {parameter.name} as {parameter.type}, and {text!r} isn't one.",
                fix=f"{parameter.name}: {parameter.type} = {parameter.default!r}  {parameter.help}",
            )
    return float(value) if kind == "float" and isinstance(value, int) else value


def free_parameters(given: list[tuple[str, str]]) -> dict[str, object]:
    """Values that no chapter declares types for, read as Python or YAML would read them.

    Args:
        given: Names and values as typed on the command line.
    """
    return {name: _parse(text) for name, text in given}


def _parse(text: str) -> object:
    """A Python-like value: numbers as Python reads them, the rest as YAML does."""
    if text.lower() in ("none", "null"):
        return None
    for number in (int, float):
        try:
            return number(text)
        except ValueError:
            pass
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    if text[:1] in "[{":
        try:
            return yaml.safe_load(text)
        except yaml.YAMLError:
            return text
    return text


def _known(declared: dict[str, dict[str, Parameter]]) -> str:
    """One line per chapter: what it can be given."""
    lines = []
    for chapter, parameters in declared.items():
        names = ", ".join(f"{p.name} ({p.type})" for p in parameters.values())
        lines.append(f"  {chapter}: {names or 'none'}")
    return "\n".join(["Known parameters:", *lines])
