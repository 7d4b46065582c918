"""Who gets which certificate, for how long, and what it says. Pure: no database, no clock."""
