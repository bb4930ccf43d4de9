"""The money of one run: its ledger, its caps, and who is asking. Everything that moves is said as an event."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from suno_video.core.events import EventSink, MoneyHeld, MoneySettled
from suno_video.project.ledger import Ledger
from suno_video.project.purchases import Caps, Entry, Hold, Purchase, PurchaseKind


class Purse:
    """Buys for one project in one run. May be shared by threads.

    Args:
        project: Id of the project, which stays when its folder moves.
        run: Id of the run.
    """

    def __init__(self, ledger: Ledger, caps: Caps, *, project: str, run: str, events: EventSink) -> None:
        self._ledger, self._caps, self._project, self._run, self._events = ledger, caps, project, run, events

    @property
    def run(self) -> str:
        """Id of the run."""
        return self._run

    def set_aside(
        self,
        scene: str,
        kind: PurchaseKind,
        fingerprint: str,
        *,
        backend: str,
        model: str,
        number: int,
        expected_usd: Decimal,
        worst_usd: Decimal,
        note: str = "",
    ) -> Hold:
        """Set money aside for one attempt, or give the open hold that an earlier run left for the same request.

        Args:
            number: Of the attempt at this request, from 1.

        Raises:
            BudgetReachedError: A cap would be passed.
        """
        purchase = Purchase(
            project=self._project,
            run=self._run,
            scene=scene,
            kind=kind,
            fingerprint=fingerprint,
            backend=backend,
            model=model,
            attempt_number=number,
            expected_usd=expected_usd,
            worst_usd=max(worst_usd, expected_usd),
            price_note=note,
        )
        hold = self._ledger.hold(purchase, self._caps)
        if not hold.is_open_from_before:
            self._events(MoneyHeld(scene, backend, hold.attempt, f"{hold.purchase.worst_usd:f}"))
        return hold

    def keep_ticket(self, hold: Hold, ticket: str) -> Hold:
        """Remember the id of the remote job, durably."""
        self._ledger.keep_ticket(hold, ticket)
        return replace(hold, ticket=ticket)

    def settle(self, hold: Hold, cost_usd: Decimal) -> None:
        """It was made, and cost this."""
        self._ledger.settle(hold, cost_usd)
        self._tell(hold, cost_usd)

    def release(self, hold: Hold, cost_usd: Decimal, outcome: str, reason: str) -> None:
        """It brought nothing, and cost this."""
        self._ledger.release(hold, cost_usd, outcome=outcome, reason=reason)
        self._tell(hold, cost_usd)

    def suspect(self, hold: Hold, reason: str) -> None:
        """Nobody knows whether it was bought: it keeps counting."""
        self._ledger.mark_suspect(hold, reason)

    def open_holds(self) -> list[Hold]:
        """What earlier runs of this project left open."""
        return self._ledger.open_holds(self._project)

    def settle_known(self, paid_usd: Mapping[str, Decimal]) -> None:
        """Close what a run that died between receipt and account left open.

        Args:
            paid_usd: Costs by attempt, from the receipts that are there.
        """
        for hold in self.open_holds():
            if hold.attempt in paid_usd:
                self.settle(hold, paid_usd[hold.attempt])

    def left_usd(self) -> Decimal | None:
        """What may still be spent under the tightest cap; None where there is none."""
        return self._ledger.left_usd(self._caps, project=self._project, run=self._run)

    def spent_usd(self) -> Decimal:
        """What this run has paid."""
        return sum((total.spent_usd for total in self._ledger.totals("run") if total.key == self._run), Decimal(0))

    def entries(self) -> list[Entry]:
        """Every attempt of this project, oldest first."""
        return self._ledger.entries(project=self._project)

    def _tell(self, hold: Hold, cost_usd: Decimal) -> None:
        purchase = hold.purchase
        self._events(MoneySettled(purchase.scene, purchase.backend, hold.attempt, f"{cost_usd:f}"))
