"""papermill's engine, saving a chapter once: when it has ended, however it ended."""

import papermill
from papermill.engines import NBClientEngine, papermill_engines
from papermill.iorw import write_ipynb


class SaveOnceEngine(NBClientEngine):
    """papermill saves after every cell, and each time checks all outputs so far.

    With figures that takes longer than the cells themselves. Saving only at the end, papermill
    loses everything when the kernel dies: this engine writes what there is.
    """

    @classmethod
    def execute_managed_notebook(cls, nb_man, kernel_name, *, rescue_path, **kwargs) -> None:
        """Execute, and write the notebook to `rescue_path` if that ends in an exception."""
        try:
            super().execute_managed_notebook(nb_man, kernel_name, **kwargs)
        except Exception:
            write_ipynb(nb_man.nb, rescue_path)
            raise


papermill_engines.register("save-once", SaveOnceEngine)


def execute_once(source: str, output: str, parameters: dict, **kwargs) -> None:
    """`papermill.execute_notebook` with this engine; the same arguments."""
    papermill.execute_notebook(
        source,
        output.replace("{", "{{").replace("}", "}}"),  # papermill formats paths
        parameters,
        engine_name="save-once",
        request_save_on_cell_execute=False,
        autosave_cell_every=0,
        rescue_path=output,
        **kwargs,
    )
