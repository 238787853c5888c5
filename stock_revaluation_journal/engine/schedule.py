"""When something that happens again and again is due next, in plain Python."""

from calendar import monthrange
from datetime import timedelta

DAYS = {"daily": 1, "weekly": 7}
MONTHS = {"monthly": 1, "quarterly": 3, "yearly": 12}


def next_date(date, schedule, day_of_month=None):
    """Return the date after `date` on which `schedule` comes round.

    Shape: `schedule` a key of DAYS or MONTHS. `day_of_month` 1 to 31 for the latter; a month that
    has fewer days takes its last one, and the month after has the day again. None: `date`'s own day.
    Raises: KeyError if the schedule is none of these.

    >>> from datetime import date
    >>> next_date(date(2027, 12, 28), "weekly")
    datetime.date(2028, 1, 4)
    >>> next_date(date(2027, 1, 31), "monthly", 31), next_date(date(2027, 2, 28), "monthly", 31)
    (datetime.date(2027, 2, 28), datetime.date(2027, 3, 31))
    >>> next_date(date(2027, 11, 30), "quarterly", 30), next_date(date(2028, 2, 29), "yearly", 29)
    (datetime.date(2028, 2, 29), datetime.date(2029, 2, 28))
    """
    if schedule in DAYS:
        return date + timedelta(days=DAYS[schedule])
    months = date.year * 12 + date.month - 1 + MONTHS[schedule]
    year, month = months // 12, months % 12 + 1
    day = min(day_of_month or date.day, monthrange(year, month)[1])
    return date.replace(year=year, month=month, day=day)


def next_after(today, date, schedule, day_of_month=None):
    """Return the first date of the schedule that begins at `date` and lies after `today`.

    What was missed meanwhile is not made up for: it comes round once.

    >>> from datetime import date
    >>> next_after(date(2027, 3, 5), date(2027, 1, 31), "monthly", 31)
    datetime.date(2027, 3, 31)
    """
    while date <= today:
        date = next_date(date, schedule, day_of_month)
    return date
