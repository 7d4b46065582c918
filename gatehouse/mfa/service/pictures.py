"""What an authenticator app reads by the camera."""

import segno

SCALE = 5  # pixels for each square


def qr_code(text: str) -> str:
    """A QR code as a data URI of a PNG."""
    return str(segno.make(text, micro=False).png_data_uri(scale=SCALE))
