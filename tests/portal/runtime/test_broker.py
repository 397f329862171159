"""The embedded broker, spoken to as Celery speaks to it."""

import stat

import kombu
import pytest

from portal.runtime import broker

pytestmark = pytest.mark.services


@pytest.fixture
def start(config):
    started = []

    def begin():
        child = broker.start(config)
        started.append(child)
        return child

    yield begin
    for child in started:
        child.stop()


def test_keeps_messages_through_a_stop(start, config):
    first = start()
    with kombu.Connection(broker.url(config)) as link:
        queue = link.SimpleQueue("hints")
        queue.put({"id": 1})
        queue.close()
    first.stop()
    start()
    with kombu.Connection(broker.url(config)) as link:
        queue = link.SimpleQueue("hints")
        message = queue.get(timeout=5)
        message.ack()
        queue.close()
    assert message.payload == {"id": 1}


def test_is_private(start, config):
    start()
    where = broker.socket_path(config)
    assert stat.S_IMODE(where.stat().st_mode) == 0o700
    assert stat.S_IMODE(where.parent.stat().st_mode) == 0o700


def test_starts_after_kill_9_with_its_socket_still_there(start):
    first = start()
    first.process.kill()
    first.process.wait()
    assert start().exit_code() is None
