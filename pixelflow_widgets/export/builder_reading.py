"""Reads a flow from the Python that builds it, without running that: what hands have edited within the dialect, too."""

from __future__ import annotations

import ast
from typing import Any

from ..errors import ExportError, OperationRejected
from ..flow import document as doc
from ..flow.document import Document
from ..flow.media_files import MediaFiles
from ..flow.stated import StatedFlow
from ..flow.subflows import read_subflow
from ..schema import Registry
from .builder_dialect import NODES, PACKAGE
from .builder_evaluation import FlowClass, Package, Scope
from .builder_source import Source

_IMPORTED = (PACKAGE, NODES, "typing")
_BLOCKS = 20
"""How many blocks stand inside each other: Python has no more."""


def document_of_builder(source: str | bytes, registry: Registry) -> tuple[Document, MediaFiles]:
    """Return the flow that a script builds, and its media; nothing of the script is run.

    Media stand in a script by the names of their files: saved beside its media folder and loaded, a flow finds them.

    Args:
        source: The script; bytes are UTF-8.
        registry: Which node types there are.

    Raises:
        ExportError: It says something else than a flow; names line and column, and what to do.
    """
    reading = _Reading(Source(source), registry)
    flow = reading.read()
    return flow.document, flow.media


class _Reading:
    def __init__(self, source: Source, registry: Registry) -> None:
        self._source = source
        self._scope = Scope(source, registry)

    def read(self) -> StatedFlow:
        for statement in self._source.parse():
            self._read(statement)
        if self._scope.flow is None:
            raise ExportError('This script builds no flow. It wants: with pf.Flow("name") as flow:')
        return self._scope.flow

    def _read(self, statement: ast.stmt) -> None:
        match statement:
            case ast.Expr(value=ast.Constant(value=str())) | ast.Pass():
                pass
            case ast.Expr(value=ast.Call()):
                self._scope.value(statement.value)
            case ast.Expr():
                self._source.refuse(statement, "This does nothing. Take it out.")
            case ast.Assign(targets=[target]):
                self._assign(target, self._scope.value(statement.value))
            case ast.Assign():
                self._source.refuse(statement, "One name is given at a time. Write a line for each.")
            case ast.Import() | ast.ImportFrom():
                self._import(statement)
            case ast.With():
                self._block(statement)
            case _:
                self._source.refuse_kind(statement)

    def _assign(self, target: ast.expr, value: Any) -> None:
        if isinstance(target, ast.Name):
            self._name(target, target.id, value)
        elif not isinstance(target, ast.Tuple) or not all(isinstance(each, ast.Name) for each in target.elts):
            self._source.refuse(
                target, "Values are given to plain names here. Change a flow by its verbs: flow.set(…)."
            )
        elif not isinstance(value, tuple) or len(value) != len(target.elts):
            self._source.refuse(target, f"There are {len(target.elts)} names, and not as many values.")
        else:
            for each, part in zip(target.elts, value, strict=True):
                self._assign(each, part)

    def _name(self, node: ast.AST, name: str, value: Any) -> None:
        if name.startswith("__"):
            self._source.refuse(node, f"'{name[:80]}' is an inside of Python. Choose another name.")
        self._scope.names[name] = value

    def _import(self, statement: ast.Import | ast.ImportFrom) -> None:
        if isinstance(statement, ast.Import):
            for alias in statement.names:
                if alias.name != PACKAGE:
                    self._refuse_import(statement, alias.name)
                self._name(statement, alias.asname or alias.name, Package(PACKAGE))
            return
        module = "." * statement.level + (statement.module or "")
        if module == "__future__":
            return
        if module not in _IMPORTED:
            self._refuse_import(statement, module)
        for alias in statement.names:
            if alias.name == "*":
                self._source.refuse(statement, "A star imports who knows what. Name what is used.")
            self._name(statement, alias.asname or alias.name, self._scope.member(statement, module, alias.name))

    def _refuse_import(self, statement: ast.stmt, module: str) -> None:
        words = f"'{module[:80]}' is not imported here, because nothing is run. A flow needs {PACKAGE} alone."
        self._source.refuse(statement, f"{words} Take this line out.")

    # Blocks

    def _block(self, statement: ast.With) -> None:
        item = statement.items[0]
        target, called = item.optional_vars, item.context_expr
        if len(statement.items) > 1 or not isinstance(called, ast.Call):
            self._source.refuse(statement, 'A block is of one flow: with pf.Flow("name") as flow:')
        if target is not None and not isinstance(target, ast.Name):
            self._source.refuse(target, "A flow is given to a plain name.")
        if len(self._scope.flows) >= _BLOCKS:
            self._source.refuse(statement, "These blocks are nested too deep.")
        on = self._scope.value(called.func.value) if isinstance(called.func, ast.Attribute) else None
        if isinstance(on, StatedFlow):
            self._subflow(statement, called, on, target)
        elif isinstance(self._scope.value(called.func), FlowClass):
            self._flow(statement, called, target)
        else:
            self._source.refuse(called, 'A block is of a flow: with pf.Flow("name") as flow:')

    def _flow(self, statement: ast.With, called: ast.Call, target: ast.Name | None) -> None:
        if self._scope.flow is not None:
            self._source.refuse(
                called, "A script builds one flow, and this is another one. Put it into its own script."
            )
        name = self._text_of(called, "the name of the flow", "flow")
        flow = StatedFlow.of(doc.new_document(name), MediaFiles(), self._scope.registry)
        self._scope.flow = flow
        self._inside(statement, flow, target)

    def _subflow(self, statement: ast.With, called: ast.Call, outer: StatedFlow, target: ast.Name | None) -> None:
        if not isinstance(called.func, ast.Attribute) or called.func.attr != "subflow":
            self._source.refuse(called, 'A block inside a flow is of a subflow: with flow.subflow("name") as name:')
        if not self._scope.flows or outer is not self._scope.flows[-1]:
            self._source.refuse(called, "This belongs to another flow than the one that is open here. Move it there.")
        name = self._text_of(called, "the name of the subflow", None)
        try:
            if name not in outer.subflows:
                document = doc.new_document(name)
                outer.apply([{"op": "set_subflow", "name": name, "subflow": {"document": document}}])
            held = outer.document["subflows"][name]
            inner = StatedFlow.of(read_subflow(held).document, outer.media, self._scope.registry)
            self._inside(statement, inner, target)
            outer.apply([{"op": "set_subflow", "name": name, "subflow": {**held, "document": inner.document}}])
        except OperationRejected as error:
            self._source.refuse(called, str(error))

    def _inside(self, statement: ast.With, flow: StatedFlow, target: ast.Name | None) -> None:
        if target is not None:
            self._name(target, target.id, flow)
        self._scope.flows.append(flow)
        for each in statement.body:
            self._read(each)
        self._scope.flows.pop()

    def _text_of(self, called: ast.Call, what: str, default: str | None) -> str:
        """Return the only argument of a call, a text."""
        given = [*called.args, *(each.value for each in called.keywords if each.arg == "name")]
        if not given and not called.keywords and default is not None:
            return default
        text = self._scope.value(given[0]) if len(given) == 1 == len(called.args) + len(called.keywords) else None
        if not isinstance(text, str):
            self._source.refuse(called, f"Here stands {what} alone, a text.")
        return text
