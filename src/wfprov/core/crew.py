"""Threads that do work side by side, and hold up neither Ctrl-C nor the end of the process."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, wait
from queue import SimpleQueue
from threading import Lock, Thread
from types import TracebackType
from typing import Self, TypeAlias, TypeVar

T = TypeVar("T")

_Task: TypeAlias = Callable[[], None]


class Crew:
    """At most `size` threads that do what is submitted, in its order.

    Unlike those of a ThreadPoolExecutor they are daemons: the end of the process does not wait for
    a request that hangs. Leaving the block ends the threads. After an exception what has not begun
    never begins, and what has is waited for; a KeyboardInterrupt waits for nothing.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._threads: list[Thread] = []
        self._tasks: SimpleQueue[_Task | None] = SimpleQueue()
        self._lock = Lock()
        self._left = False
        self._futures: list[Future[object]] = []

    def submit(self, work: Callable[[], T]) -> Future[T]:
        """The result of the work, once it is done; waiting for it can be interrupted."""
        future: Future[T] = Future()
        self._futures.append(future)  # type: ignore[arg-type]

        def task() -> None:
            if self._left:
                future.cancel()
                future.set_running_or_notify_cancel()
                return
            try:
                future.set_result(work())
            except BaseException as error:  # noqa: BLE001 (it is raised where the result is asked)
                future.set_exception(error)

        self._tasks.put(task)
        with self._lock:
            if len(self._threads) < self._size:
                thread = Thread(target=self._run, daemon=True, name=f"crew-{len(self._threads)}")
                self._threads.append(thread)
                thread.start()
        return future

    def wait(self) -> None:
        """Waits until all that was submitted is done; can be interrupted."""
        wait(self._futures)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._left = kind is not None
        for _ in self._threads:
            self._tasks.put(None)
        if kind is not None and issubclass(kind, Exception):
            self.wait()

    def _run(self) -> None:
        while (task := self._tasks.get()) is not None:
            task()
