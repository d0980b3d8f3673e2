"""What a flow gives as text, and how it comes back: the verbs that `pf.Flow` takes from this room."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from ..flow.document import Document
from ..flow.handles import Node
from ..flow.media_files import MediaFiles
from ..flow.stated import StatedFlow
from ..schema import Registry
from ..schema import registry as process_registry

if TYPE_CHECKING:
    from .script_reading import ReadScript


class ExportableFlow(StatedFlow):
    """Is written as code, notebook or drawing, and read back from code."""

    last_run: Any = None
    """The newest run, which tells the seeds that were drawn."""

    def to_script(self) -> str:
        """Return the flow as a plain Python script: what a user of diffusers would have written.

        Raises:
            ExportError: A node cannot be written so; says which, and why.
        """
        from .script import script_of

        return script_of(self)

    def to_builder(self) -> str:
        """Return the flow as the Python that builds it, `with pf.Flow(...)`; it reads back to an equal flow."""
        from .builder import builder_of

        return builder_of(self.document, self.registry)

    def to_notebook(self, path: str | Path | None = None) -> Any:
        """Return the flow as a notebook (nbformat's NotebookNode), a cell for each stage.

        Args:
            path: Where it is written too, if anywhere.

        Raises:
            ExportError: A node cannot be written as code; says which, and why.
        """
        from .notebook import notebook_of, write_notebook

        made = notebook_of(self)
        if path is not None:
            write_notebook(self, Path(path), made)
        return made

    def to_cells(self, node: str | Node, *, variable: str | None = "flow") -> list[str]:
        """Return one node as cells of this notebook: what comes into it, loaded; then its code, ready for `%debug`.

        Args:
            node: The node or its id.
            variable: What the flow is called in the notebook; None lets the first cell open its file.

        Raises:
            ExportError: The node cannot be written as code; says why.
        """
        from .cells import cells_of

        return cells_of(self, node if isinstance(node, str) else node.id, variable)

    def to_svg(self) -> str:
        """Return a drawing of the flow as SVG."""
        from .diagram import svg_of

        return svg_of(self.document, self.registry)

    def to_mermaid(self) -> str:
        """Return the flow as a Mermaid flowchart, as Markdown pages show it."""
        from .diagram import mermaid_of

        return mermaid_of(self.document, self.registry)

    @classmethod
    def from_builder(cls, source: str, *, registry: Registry = process_registry) -> Self:
        """Read a flow from the Python that builds it, without running that.

        Args:
            source: The text, as `to_builder` writes it, and as hands have edited it within that dialect.
            registry: Which node types there are.

        Raises:
            ExportError: It says something else than a flow; names line and column.
        """
        from .builder_reading import document_of_builder

        flow = cls.__new__(cls)
        flow._begin(*document_of_builder(source, registry), registry)
        return flow

    @classmethod
    def from_script(cls, script: str | Path, *, registry: Registry = process_registry) -> Self:
        """Read the flow back that rides in a script which `to_script` wrote.

        Args:
            script: The file, or its text.
            registry: Which node types there are.

        Raises:
            ExportError: No flow rides in it, or the code above was edited since; says what can be kept.
        """
        read = cls.read_script(script, registry=registry)
        read.check()
        return read.flow()

    @classmethod
    def read_script(cls, script: str | Path, *, registry: Registry = process_registry) -> ReadScript:
        """Return what a script holds: the flow that rides in it, whether it was edited since, what of that can be kept.

        Args:
            script: The file, or its text.
            registry: Which node types there are.

        Raises:
            ExportError: It cannot be read as Python.
        """
        from .script_reading import read_script

        def make(document: Document, media: MediaFiles) -> Self:
            flow = cls.__new__(cls)
            flow._begin(document, media, registry)
            return flow

        return read_script(script, make)
