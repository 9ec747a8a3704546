"""The campaign of faults: every request of plan, apply and destroy, and what must hold after each.

    make faults [FAULTS="--random 2000 --every 1 --kill 1 --race 50"]

Everything runs on the embedded control plane through the real client libraries. The counts are
printed at the end, by command and kind; the exit code is 1 when anything did not hold.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "faults"))

from processes import COMMANDS, kill
from rivals import race
from scene import Stage, staged
from schedule import drawn, every_request, play
from stack import SCENES

ENDED = "to its end"
Job = tuple[str, str, Callable[[], object]]


def every(stage: Stage, step: int, first: int) -> Iterator[Job]:
    """One fault at every request; every `step`-th of all such schedules."""
    for number, (command, kind, schedule) in enumerate(every_request(stage)):
        if number % step == first % step:
            yield command, kind, lambda schedule=schedule: play(stage, schedule)


def seeds(stage: Stage, most: int, first: int) -> Iterator[Job]:
    """Random combinations, by seed."""
    for seed in range(first, first + most):
        schedule = drawn(seed)
        yield schedule.scene, "random", lambda schedule=schedule: play(stage, schedule)


def kills(stage: Stage, step: int) -> Iterator[Job]:
    """Kill -9 of a real process at every `step`-th request, before and after its effect."""
    for command in COMMANDS:
        reached = True
        for at in count(0, step):
            if not reached:
                break
            for when in ("before", "after"):

                def killed(at: int = at, command: str = command, when: str = when) -> object:
                    nonlocal reached
                    reached = kill(stage, command, at, when).reached
                    return None if reached else ENDED

                yield command, f"kill -9 {when}", killed


def races(stage: Stage, most: int) -> Iterator[Job]:
    """Two applies at once and a rival."""
    for seed in range(most):
        name = SCENES[seed % len(SCENES)]
        yield (
            name,
            "two at once",
            lambda seed=seed, name=name: race(stage, stage.scenes[name], seed),
        )


def main() -> int:
    """Runs the campaign."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--random", type=int, default=2000, help="how many random schedules")
    parser.add_argument("--every", type=int, default=1, help="each n-th single fault; 0: none")
    parser.add_argument("--kill", type=int, default=1, help="kill at each n-th request; 0: never")
    parser.add_argument("--race", type=int, default=50, help="how many races")
    parser.add_argument("--first", type=int, default=0, help="the first seed and single fault")
    asked = parser.parse_args()
    ran: Counter[tuple[str, str]] = Counter()
    wrong: list[str] = []
    with tempfile.TemporaryDirectory(prefix="wfprov-faults-") as folder:  # noqa: SIM117 (the stage needs the folder)
        with staged(Path(folder)) as stage:
            parts: tuple[Iterator[Job], ...] = (
                kills(stage, asked.kill) if asked.kill else iter(()),
                races(stage, asked.race),
                every(stage, asked.every, asked.first) if asked.every else iter(()),
                seeds(stage, asked.random, asked.first),
            )
            begun = time.monotonic()
            for part in parts:
                for command, kind, work in part:
                    try:
                        ran[command, kind if work() is not ENDED else ENDED] += 1
                    except Exception as error:  # noqa: BLE001 (the campaign goes on)
                        ran[command, kind] += 1
                        number = ran[command, kind]
                        wrong.append(f"{command}, {kind}, number {number}: {error!r:.600}")
                        print(wrong[-1], flush=True)
                    if ran.total() % 100 == 0:
                        took = time.monotonic() - begun
                        print(f"  {ran.total()} runs in {took:.0f} s", flush=True)
    for (command, kind), number in sorted(ran.items()):
        print(f"{command:10} {kind:16} {number:6}")
    print(f"{ran.total()} runs, {len(wrong)} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
