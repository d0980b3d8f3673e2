"""What a flow costs, as verbs of `pf.Flow`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ..flow.stated import StatedFlow
from ..run import Run
from .noting import note

if TYPE_CHECKING:
    import pandas

    from .budgets import Budget
    from .estimates import Estimate
    from .table import UsageTable


class UsedFlow(StatedFlow):
    """Says what its runs cost, and what the next one will; is stopped by budgets."""

    @property
    def usage(self) -> UsageTable:
        """Return what its runs used, a row a node: tokens, seconds, memory, money; with `.by_model` and `.plot()`.

        Raises:
            RatesError: The user's file of rates is wrong.
        """
        from .table import usage_of_flow

        return usage_of_flow(self)

    @property
    def prompts(self) -> pandas.DataFrame:
        """Return the prompts of its runs, newest first: run, when, node, port, text, a thumbnail of what came of it.

        One that several runs had comes once. The thumbnail is a `data:` address of a small picture.
        """
        from ..prompts.history import table
        from ..run.history import place_of, process_history

        return table(process_history().runs(place_of(self), self.epoch))

    def estimate(
        self, inputs: Mapping[str, Any] | None = None, *, targets: Iterable[Any] | None = None, **more_inputs: Any
    ) -> Estimate:
        """Return what a run would cost now: tokens, seconds, money, by node; runs nothing.

        Args:
            inputs: Values of the flow's inputs by name; they may be given as keywords too.
            targets: Outputs of the flow or nodes that are wanted; None is everything that has an effect.
            more_inputs: Values of the flow's inputs.

        Raises:
            FlowProblems: It could not run.
        """
        from .estimates import estimate

        names = None if targets is None else [getattr(target, "id", None) or str(target) for target in targets]
        return estimate(self, inputs={**(inputs or {}), **more_inputs}, targets=names)

    @property
    def budget(self) -> Budget:
        """Return what runs may cost; `flow.budget = pf.Budget(run=0.5, day=2.0)` refuses those that exceed it.

        It is kept on this computer and not in the flow's file; the part of it that is for a day is for all flows.
        """
        from .budgets import budget_of

        return budget_of(self)

    @budget.setter
    def budget(self, budget: Budget | float | None) -> None:
        from .budgets import set_budget

        set_budget(self, budget)

    def _check_budget(self, inputs: Mapping[str, Any], targets: Iterable[str] | None) -> None:
        from .budgets import check_run

        check_run(self, inputs, targets)

    def _note_usage(self, run: Run) -> Mapping[str, str]:
        from ..run.history import place_of

        return note(run, self.media, place_of(self), self.epoch)
