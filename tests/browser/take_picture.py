"""Takes the pictures of the playground: ``python tests/browser/take_picture.py [FOLDER]``.

Without a folder, ``docs/playground.png`` is taken again; with one, light, dark and phone pictures go there, to be
looked at.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).parents[1]))

from browsing import Visitor, chromium, visiting
from live import serving

ROOT: Final = Path(__file__).parents[2]
SECONDS_IN: Final = 3.4
DESK: Final = {"width": 1200, "height": 940}
PHONE: Final = {"width": 390, "height": 844}
PICTURES: Final[dict[str, dict[str, Any]]] = {
    "light": {"viewport": DESK, "color_scheme": "light"},
    "dark": {"viewport": DESK, "color_scheme": "dark"},
    "phone": {"viewport": PHONE, "color_scheme": "light", "device_scale_factor": 2},
    "phone-dark": {"viewport": PHONE, "color_scheme": "dark", "device_scale_factor": 2},
}


def take(visitor: Visitor, path: Path) -> None:
    """A picture in the middle of a sentence; the first utterance only warms the browser's audio."""
    visitor.speak()
    visitor.heard(4000)
    visitor.page.click("#stop")
    visitor.silent()
    visitor.speak()
    visitor.until(f"vivavoce.figures.heardS > {SECONDS_IN}")
    visitor.page.mouse.move(0, 0)
    visitor.page.screenshot(path=str(path))


def main(folder: Path | None) -> None:
    port = 8080 if folder is None else 0
    with (
        tempfile.TemporaryDirectory() as data,
        serving(Path(data), engines="flite,espeak", port=port) as live,
        chromium() as browser,
    ):
        for name, options in PICTURES.items():
            if folder is None and name != "light":
                continue
            path = ROOT / "docs" / "playground.png" if folder is None else folder / f"{name}.png"
            with visiting(browser, live.url, **options) as visitor:
                take(visitor, path)
            print(path, path.stat().st_size, "bytes")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
