"""What an authenticator app reads by the camera."""

from base64 import b64encode
from io import BytesIO

import segno

SCALE = 5  # pixels for each square


def qr_code(text: str) -> str:
    """A QR code as a data URI of an SVG."""
    drawn = BytesIO()
    code = segno.make(text, micro=False)
    # A ground of its own: on a dark page the code would be dark on dark.
    code.save(drawn, kind="svg", scale=SCALE, light="white", xmldecl=False, nl=False)
    return f"data:image/svg+xml;base64,{b64encode(drawn.getvalue()).decode()}"
