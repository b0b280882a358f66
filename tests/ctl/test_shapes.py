"""What failoverctl reads is what the daemon says: its shapes against the daemon's own Structs."""

import pytest

from daemon.api import jobs_said, looking, refusal, report, status, steering, story
from daemon.ctl import shapes
from daemon.ctl.batch import shapes as job_shapes
from state.memory import durability
from state.usage import statistics

HOMES = (status, story, report, refusal, looking, steering, statistics, durability)


@pytest.mark.parametrize("name", job_shapes.__all__)
def test_every_field_that_is_read_of_a_job_is_one_that_is_said(name):
    said = getattr(jobs_said, name).__struct_fields__

    assert set(getattr(job_shapes, name).__annotations__) <= set(said)


@pytest.mark.parametrize("name", shapes.__all__)
def test_every_field_that_is_read_is_one_that_is_said(name):
    struct = next(getattr(home, name) for home in HOMES if hasattr(home, name))

    assert set(getattr(shapes, name).__annotations__) <= set(struct.__struct_fields__)
