"""English: the day before its month, as on both sides of the Atlantic is understood."""

DATE_FORMAT = "j F Y"
DATETIME_FORMAT = "j F Y, H:i"
TIME_FORMAT = "H:i"
