"""One request's way to a place on a lane: look at the board, knock, and if need be knock elsewhere.

    look --Choice--> knock --Ticket-->
     ^                  |
     +---- refused -----+        look --Nobody--> the last resort, if it is due --Ticket-->

What it saw at each look is kept, so that the choice can be explained.
"""

from msgspec import structs

from actors.case import Case, Rescue
from actors.kernel.deadlines import move_on_at
from actors.provider.door import Knock, Refused, Shut, Ticket
from actors.router.board_keeper import OFFLINE
from actors.router.rescue import Relay
from actors.router.switchboard import Switchboard
from actors.wire.dialect import Gap
from state.config import Patience
from state.routing.preferences import Preferences, context_key
from state.routing.question import Question, Why
from state.routing.routing import Choice, Nobody, choose
from state.standing.admission import Held
from state.telling.trail import Asked, Look
from state.usage.limits import Exhausted
from state.words import LaneId

__all__ = ["WayIn"]

NO_PREFERENCES = Preferences()
SOON_MS = 1_000
"""When a door that is shut may be open again, nobody knows: a polite guess."""


class WayIn:
    """Made for a case."""

    def __init__(self, case: Case, switchboard: Switchboard, relay: Relay | None) -> None:
        self.looks: list[Look] = []
        self.questions: list[Question] = []
        """What each look saw: kept for whoever asks soon; later it is put together from the journal."""
        self.may_strike = True
        """False once it has struck a lane as a poison prompt would: it must not take the fleet down."""
        self.outgrown = 0
        self.spent_usd = 0.0
        self._case = case
        self._switchboard = switchboard
        self._relay = relay
        self._turn = switchboard.next_turn(case.pool.name, type(case.request))
        self._chance = switchboard.rng.fraction()
        self._tried: tuple[LaneId, ...] = ()
        self._refused: dict[LaneId, int | None] = {}
        """Who did not let it in, and when to ask again; None: never."""
        self._without_prefill: set[LaneId] = set()
        self._has_waited = False

    def exclude(self, lane: LaneId) -> None:
        """It has had its turn."""
        self._tried = (*self._tried, lane)

    def refuses_prefill(self, lane: LaneId) -> None:
        """It is to be asked anew, in plain words."""
        self._without_prefill.add(lane)

    @property
    def asked(self) -> Asked:
        """What its choices depended on besides the board, to be kept: as it was at the first of them."""
        case = self._case
        preferences = self.questions[0].preferences if self.questions else NO_PREFERENCES
        if not (preferences.forced or preferences.remembered or preferences.steered):
            return Asked(ask=case.ask, turn=self._turn, chance=self._chance)
        pool, now_ms = case.pool.name, self.questions[0].now_ms
        memory = preferences.remembered_for(context_key(case.ask.context, case.ask.app, pool), now_ms)
        return Asked(
            ask=case.ask,
            turn=self._turn,
            chance=self._chance,
            forced=preferences.forced_for(pool, now_ms),
            remembered=None if memory is None else memory.lane,
            instead_of=() if memory is None else memory.instead_of,
            steered=preferences.strategy_for(pool, now_ms),
        )

    def enter(self) -> Ticket | Nobody:
        """A place at the best lane that will have it."""
        while True:
            question = self.question()
            found = choose(question)
            if isinstance(found, Nobody):
                return self._resort(question, found)
            ticket = self._knock(question, found.lane, found)
            if ticket is not None:
                return ticket

    def next_but(self, lane: LaneId) -> LaneId | None:
        """Who would be asked if this lane failed now."""
        question = self.question()
        found = choose(structs.replace(question, tried=(*question.tried, lane)))
        return found.lane if isinstance(found, Choice) else None

    def question(self) -> Question:
        case, switchboard = self._case, self._switchboard
        ask = case.ask
        if self.spent_usd and ask.budget_usd is not None:
            ask = structs.replace(ask, budget_usd=max(0.0, ask.budget_usd - self.spent_usd))
        return Question(
            ask=ask,
            pool=case.pool,
            board=switchboard.keeper.board,
            preferences=switchboard.state.preferences,
            now_ms=switchboard.clock.now_ms(),
            turn=self._turn,
            chance=self._chance,
            tried=(*self._tried, *self._refused) if self._refused else self._tried,
            outgrown=self.outgrown,
        )

    async def wait(self, nobody: Nobody) -> bool:
        """Queue until a lane may be free, if the request asked for that and it may help at all."""
        now_ms, until_ms = self._switchboard.clock.now_ms(), self._case.wait_until_ms
        wake_ms = self._next_chance_ms(nobody)
        if now_ms >= until_ms or wake_ms is None:
            return False
        with move_on_at(self._switchboard.clock, min(max(wake_ms, now_ms + 1), until_ms)):
            await self._switchboard.keeper.wait_change()
        self._refused = {lane: again_ms for lane, again_ms in self._refused.items() if again_ms is None}
        self._has_waited = True
        return True

    def _next_chance_ms(self, nobody: Nobody) -> int | None:
        """When somebody may be free who has not been tried; None: nobody ever."""
        ends_ms = [again_ms for again_ms in self._refused.values() if again_ms is not None]
        for skipped in nobody.skipped:
            if skipped.until_ms is not None:
                ends_ms.append(skipped.until_ms)
            elif skipped.why is Why.OUT and skipped.detail == OFFLINE:
                ends_ms.append(self._case.wait_until_ms)
        return min(ends_ms, default=None)

    def _resort(self, question: Question, nobody: Nobody) -> Ticket | Nobody:
        lane, now_ms = nobody.last_resort, question.now_ms
        if lane is None or not self._switchboard.may_resort_to(lane, now_ms):
            self._look(question, None)
            return nobody
        ticket = self._knock(question, lane, None)
        if ticket is None:
            return nobody
        self._switchboard.resorted(now_ms)
        return ticket

    def _knock(self, question: Question, lane: LaneId, choice: Choice | None) -> Ticket | None:
        """None: not let in, and excluded for now. Without a choice it is the last resort."""
        switchboard = self._switchboard
        door = switchboard.doors.get(lane.provider)
        answer: Ticket | Refused = Shut("its provider is gone")
        if door is not None:
            alone = choice is None or self._is_alone(question, choice)
            is_patient = self._case.patience is Patience.PATIENT
            answer = door.knock(
                Knock(
                    case=self._case,
                    lane=lane,
                    may_strike=self.may_strike,
                    may_retry=alone or is_patient or switchboard.second_tries.is_left,
                    last_standing=choice is not None and choice.last_standing,
                    as_last_resort=choice is None,
                    alone=alone,
                    prefill=self._prefill(lane),
                )
            )
        if isinstance(answer, Ticket):
            self._look(question, lane, as_last_resort=choice is None)
            return answer
        why, self._refused[lane] = _refusal(answer, question.now_ms)
        self._look(question, lane, refused=why, as_last_resort=choice is None)
        return None

    def _is_alone(self, question: Question, choice: Choice) -> bool:
        """Whether nobody else is eligible, so that even a rate limit is worth waiting for."""
        if not choice.last_standing and not question.tried and _may_roam(question):
            return False
        return isinstance(choose(structs.replace(question, tried=(*question.tried, choice.lane))), Nobody)

    def _prefill(self, lane: LaneId) -> str:
        """What the lane is given to continue; nothing: it is asked anew."""
        relay = self._relay
        if relay is None or not relay.has_begun or self._case.rescue is not Rescue.CONTINUE:
            return ""
        if lane in self._without_prefill or not self._switchboard.doors[lane.provider].continues(lane):
            return ""
        # Blanks at the end are refused by some and dropped by others: the seam sees to them.
        return relay.delivered.rstrip()

    def _look(
        self, question: Question, chose: LaneId | None, *, refused: str = "", as_last_resort: bool = False
    ) -> None:
        self.questions.append(question)
        self.looks.append(
            Look(
                at_ms=question.now_ms,
                board=self._switchboard.keeper.note(self._case.pool, question.now_ms),
                chose=chose,
                refused=refused,
                as_last_resort=as_last_resort,
                has_waited=self._has_waited,
                outgrown=self.outgrown,
                spent_usd=self.spent_usd,
            )
        )
        self._has_waited = False


def _may_roam(question: Question) -> bool:
    """Whether its second lane may be any."""
    rules = question.pool.rules
    return question.may_fail_over and not rules.no_failover_to and not question.ask.no_failover_to


def _refusal(answer: Refused, now_ms: int) -> tuple[str, int | None]:
    """The door's word, and when to knock again; None: not with this request."""
    match answer:
        case Gap():
            return str(answer), None
        case Shut(why=why):
            return why, now_ms + SOON_MS
        case Held(until_ms=until_ms):
            return answer.reason, now_ms + SOON_MS if until_ms is None else until_ms
        case Exhausted(is_too_large=True):
            return str(answer), None
        case Exhausted(until_ms=until_ms):
            return str(answer), now_ms + SOON_MS if until_ms is None else until_ms
