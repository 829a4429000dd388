"""The one family of errors that the library raises for input it can't use."""


class SLTError(ValueError):
    """Input that can't be used: which file, what is wrong with it, and what to do.

    Args:
        what: What is wrong, in one sentence.
        file: The file or folder it was found in, if any.
        fix: What the reader can do about it.
    """

    def __init__(self, what: str, *, file: object = None, fix: str = "") -> None:
        self.what, self.file, self.fix = what, file, fix
        text = f"{file}: {what}" if file is not None else what
        super().__init__(f"{text} {fix}".strip())


class PoseError(SLTError):
    """A pose sequence whose numbers contradict each other or an operation's needs."""


class PoseFileError(SLTError):
    """A pose, corpus or lexicon file that can't be read."""


class UnsafeFileError(PoseFileError):
    """A downloaded file that asks for code to be run when it is opened."""


class MissingPartError(SLTError):
    """An optional part (an environment, a licensed file) that isn't on this machine."""
