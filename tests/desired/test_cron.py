"""Which schedules Cloud Scheduler can read, and what is said of the others."""

import pytest

from wfprov.desired.cron import problem


@pytest.mark.parametrize(
    "schedule",
    [
        "* * * * *",
        "0 6 * * *",
        "*/15 9-17 * * MON-FRI",
        "0,30 0-23/2 1,15 JAN,jul *",
        "0 0 29 2 *",
        "0 0 31 2 1",
        "0 0 * * 7",
        "every 15 minutes",
        "every 2 hours from 10:00 to 14:00",
        "every 5 mins synchronized",
        "every day 00:00",
        "every monday 09:00",
        "2nd,third mon,wed,thu of march 17:00",
        "1st monday of sep,oct,nov 17:00",
        "1 of jan,april,july,oct 00:00",
    ],
)
def test_a_schedule_that_the_documentation_knows_is_one(schedule):
    assert problem(schedule) == ""


@pytest.mark.parametrize(
    ("schedule", "words"),
    [
        ("", "0 fields"),
        ("daily", "1 field,"),
        ("0 6 * *", "4 fields"),
        ("0 0 6 * * *", "6 fields"),
        ("60 6 * * *", "`60` is no minute: it is a number from 0 to 59"),
        ("0 24 * * *", "`24` is no hour"),
        ("0 0 0 * *", "`0` is no day of the month"),
        ("0 0 L * *", "`L` is no day of the month"),
        ("0 0 * 13 *", "from 1 to 12 or JAN"),
        ("0 0 * * MOON", "`MOON` is no day of the week"),
        ("0 0 * * 8", "from 0 to 7 or SUN"),
        ("0 17-9 * * *", "ends before it begins"),
        ("*/0 * * * *", "has no step"),
        ("*/90 * * * *", "has no step"),
        ("5/15 * * * *", "write 5-59/15"),
        ("0 0 ? * *", "`?` is no day of the month"),
        ("1--2 * * * *", "is no minute"),
        ("0 0 31 2 *", "no such month has a day 31"),
        ("0 0 31 4,6,SEP *", "no such month has a day 31"),
        ("every so often", "no interval"),
        ("every monday 25:00", "no interval"),
        ("0,0" * 100 + " * * * *", "lists too much"),
    ],
)
def test_any_other_schedule_is_told_what_is_wrong_with_it(schedule, words):
    assert words in problem(schedule)
