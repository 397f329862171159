"""Keep services running, say what happened to them, and stop them in order."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import psycopg

from .errors import Refusal
from .process import Child
from .terminal import say

LONGEST_PAUSE = 30.0
CALM = 60.0  # a service that ran this long starts its next pause from the shortest


@dataclass
class Service:
    """Something to keep running. `start` may be called again after each end."""

    name: str
    start: Callable[[], Child]
    answers: Callable[[], bool] | None = None  # for those that are ready some time later
    last: bool = False  # stopped after the others, in the reverse of the order of start
    child: Child | None = None
    ready: bool = False
    pause: float = 0
    due: float | None = None  # when to start it again


class Supervisor:
    """The services of one portal, in the order they were started."""

    def __init__(self) -> None:
        self.services: list[Service] = []

    def add(self, service: Service | None) -> Service | None:
        """Start it and keep it running from now on. None, for one that is given, is ignored."""
        if service:
            self.services.append(service)
            service.child = service.start()
            service.ready = service.answers is None
        return service

    def has(self, name: str) -> bool:
        return any(service.name == name for service in self.services)

    def look(self) -> list[Service]:
        """One round: notice who ended, start who is due. Returns who became ready."""
        became_ready = []
        for service in self.services:
            if service.due is not None:
                self._start_again(service)
            elif service.child and (code := service.child.exit_code()) is not None:
                self._ended(service, code)
            elif not service.ready and service.answers and service.answers():
                service.ready = True
                became_ready.append(service)
        return became_ready

    def _ended(self, service: Service, code: int) -> None:
        assert service.child
        service.child.sweep_group()
        ran = time.monotonic() - service.child.started
        self._schedule(service, calm=ran > CALM)
        how = f"was killed by signal {-code}" if code < 0 else f"ended with code {code}"
        say(f"  {service.name} {how}")
        say(f"    starting it again in {service.pause:.0f} s; its log: {service.child.log}")

    def _schedule(self, service: Service, *, calm: bool) -> None:
        service.pause = 1 if calm or not service.pause else min(service.pause * 2, LONGEST_PAUSE)
        service.due = time.monotonic() + service.pause
        service.ready = False

    def _start_again(self, service: Service) -> None:
        if service.due is None or time.monotonic() < service.due:
            return
        try:
            service.child = service.start()
        except (Refusal, OSError, psycopg.Error) as error:
            self._schedule(service, calm=False)
            say(f"  {service.name} did not start: {error}")
            say(f"    trying again in {service.pause:.0f} s")
            return
        service.due = None
        service.ready = service.answers is None
        say(f"  {service.name} runs again")

    def stop(self) -> None:
        """All of them: first those that use the others, at once; then the others one by one."""
        front = [service for service in reversed(self.services) if not service.last]
        for service in front:
            if service.child:
                service.child.ask_to_stop()
        for service in front:
            self._wait(service)
        for service in reversed(self.services):
            if service.last and service.child:
                service.child.ask_to_stop()
                self._wait(service)
        self.services.clear()

    def _wait(self, service: Service) -> None:
        if service.child and not service.child.wait_stopped():
            say(f"  {service.name} would not stop and was ended")

    def hurry(self) -> None:
        """The person pressed Ctrl-C again. PostgreSQL keeps every commit even so."""
        for service in self.services:
            if service.child:
                service.child.stop_seconds = 1
