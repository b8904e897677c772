"""The calendar: days counted from the year 0, Gregorian in both directions."""

from __future__ import annotations

DAYS_BEFORE = (306, 337, 0, 31, 61, 92, 122, 153, 184, 214, 245, 275)
MONTH_LENGTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MS_PER_DAY = 86_400_000
# The day from which multiples of a period are counted: the first of the year 0.
EPOCH = -365
UNIX_EPOCH = 62_135_683_200_000


def total_days(y: int, m: int, d: int) -> int:
    """The number of a day; January 1st of the year 1 is day 1."""
    z = y - 1 if m < 3 else y
    return d + DAYS_BEFORE[m - 1] + 365 * z + z // 4 - z // 100 + z // 400 - 306


def year_month_day(days: int) -> tuple[int, int, int]:
    """The date of a numbered day."""
    z = days + 306
    h = 100 * z - 25
    a = h // 3652425
    b = a - a // 4
    y = (100 * b + h) // 36525
    c = b + z - 365 * y - y // 4
    m = (5 * c + 456) // 153
    d = c - (153 * m - 457) // 5
    return (y + 1, m - 12, d) if m > 12 else (y, m, d)


def is_leap(y: int) -> bool:
    y = int(y)  # a year of few bits has no room for what it is compared with
    return (y % 4 == 0) and ((y % 100 != 0) or (y % 400 == 0))


def days_in_month(y: int, m: int) -> int:
    return 29 if m == 2 and is_leap(y) else MONTH_LENGTHS[m - 1]


def add_months(y: int, m: int, d: int, n: int) -> tuple[int, int, int]:
    """Some months later; the day is cut to the length of the month."""
    total = y * 12 + (m - 1) + n
    year, month = total // 12, total % 12 + 1
    return year, month, min(d, days_in_month(year, month))


def day_of_week(days: int) -> int:
    """1 is Monday."""
    return (days - 1) % 7 + 1


def week_of_year(days: int) -> int:
    """The ISO week."""
    thursday = days - day_of_week(days) + 4
    year = year_month_day(thursday)[0]
    return (thursday - total_days(year, 1, 1)) // 7 + 1
