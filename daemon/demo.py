"""`failoverd demo`: a real daemon, three providers that only pretend, and a script that breaks them.

pretenders <--HTTP-- the real daemon <--JSON-RPC-- audience --answers, word by word--> teller --> you
    ^                                                                                   ^
    +------------------------------------- script --------------------------------------+
"""

import argparse
import os
import shlex
import signal
import sys
from pathlib import Path

import anyio

from daemon import ctl
from daemon.ctl.terminal import FAINT, Terminal, terminal
from daemon.exits import Exit
from daemon.stage.audience import Audience
from daemon.stage.house import House, NeverReady, house
from daemon.stage.pretender import Cast, open_for_business
from daemon.stage.script import CAST, ENDS_S, PLAY
from daemon.stage.standings import watch
from daemon.stage.teller import Teller

__all__ = ["arguments", "main"]


def arguments(parser: argparse.ArgumentParser) -> None:
    """What may stand behind `failoverd demo`."""
    parser.add_argument(
        "--keep", action="store_true", help="stay afterwards, to look around with failoverctl"
    )


def main(args: argparse.Namespace) -> int:
    """0 only if every request was answered in full."""
    keep: bool = args.keep
    screen = terminal(sys.stdout, sys.stderr, os.environ)
    try:
        return int(anyio.run(_demo, screen, keep))
    except NeverReady as error:
        screen.tell(str(error))
        return Exit.FAILED


async def _demo(screen: Terminal, keep: bool) -> Exit:  # noqa: FBT001 - anyio.run passes no keywords
    async with open_for_business(*CAST) as cast, house(cast.values()) as here:
        _welcome(screen, here)
        teller = Teller(screen)
        began_s = anyio.current_time()
        audience = Audience(here.socket, teller.reply)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(watch, here.socket, teller.standing)
            async with anyio.create_task_group() as apps:
                apps.start_soon(audience.ask_on)
                await _play(cast, teller, began_s)
                audience.thank()
            tasks.cancel_scope.cancel()
        outcome = teller.outcome(audience.asked)
        teller.finale(outcome, anyio.current_time() - began_s)
        await _show_one(screen, here, teller)
        if keep:
            await _stay(screen, here)
        else:
            _farewell(screen)
        return Exit.OK if outcome.is_well else Exit.FAILED


async def _play(cast: Cast, teller: Teller, began_s: float) -> None:
    for act in PLAY:
        await anyio.sleep_until(began_s + act.at_s)
        teller.act(act)
        act.happens(cast)
    await anyio.sleep_until(began_s + ENDS_S)


def _welcome(screen: Terminal, here: House) -> None:
    screen.say(
        "A real failoverd has started, with three providers that only pretend: north",
        "is its first choice, then east, then south. Four apps ask without pause, and",
        "a script breaks one provider after the other. It takes half a minute.",
        "",
        "To look behind the scenes meanwhile, in another terminal:",
        f"  {_ctl(here)} status --watch",
    )


async def _show_one(screen: Terminal, here: House, teller: Teller) -> None:
    """The real failoverctl tells the most eventful request of all."""
    rescued = [reply for reply in teller.replies if reply.failed]
    if not rescued:
        return
    best = max(rescued, key=lambda reply: (len(reply.report.seams), len(reply.failed)))
    words = ["--socket", here.socket, "explain", best.report.request_id]
    screen.say(
        "",
        "What became of one of them, and why:",
        screen.paint(f"  {_ctl(here)} {shlex.join(words[2:])}", FAINT),
        "",
    )
    screen.out.flush()
    await anyio.to_thread.run_sync(ctl.main, words)


async def _stay(screen: Terminal, here: House) -> None:
    screen.say(
        "",
        "The daemon and its three providers stay. All are mended; who is still left alone, status tells.",
        "In another terminal:",
        f"  {_ctl(here)} status",
        f"  {_ctl(here)} release --all",
        f'  {_ctl(here)} chat "Please recite verse 7."',
        f"  {_ctl(here)} quarantine north --for 1m",
        f"  curl --unix-socket {here.http_socket} http://localhost/v1/models",
        "Ctrl-C ends it.",
    )
    screen.out.flush()
    # From here on Ctrl-C is the good end, and says nothing against the play.
    with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        async for _ in signals:
            return


def _farewell(screen: Terminal) -> None:
    screen.say(
        "",
        "To stay and look around: failoverd demo --keep",
        "To begin with your own providers: failoverctl init",
    )


def _ctl(here: House) -> str:
    """As one can type it here: who runs the demo out of a venv has no failoverctl on the path."""
    beside = Path(sys.argv[0]).parent / "failoverctl"
    is_beside = os.sep in sys.argv[0] and os.access(beside, os.X_OK)
    return f"{shlex.quote(str(beside)) if is_beside else 'failoverctl'} --socket {shlex.quote(here.socket)}"
