"""Draws docs/page.png: the top of the page of the demo's log, as a browser shows it.

    python docs/picture.py            # or: make page-image

It draws the demo's log, audits it with `--html`, opens the page in the machine's own Chromium and takes the picture.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

TARGET = Path(__file__).with_name("page.png")
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"]
WIDTH, HEIGHT = 1180, 940


def write_page(folder: Path) -> Path:
    """Draws the demo's log and writes its page; returns where it is."""
    page = folder / "page.html"
    for command in (["freshbits.worlds.demo", "demo"], ["freshbits", "audit", "demo", "--html", str(page)]):
        subprocess.run([sys.executable, "-m", *command], cwd=folder, check=True, capture_output=True)
    return page


def main() -> None:
    """Writes the picture."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        raise SystemExit(f"no Chromium found (looked for {', '.join(BROWSERS)})")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        page = write_page(Path(folder))
        running = driver.chromium.launch(executable_path=browser, args=FLAGS)
        tab = running.new_page(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light")
        tab.goto(page.as_uri())
        tab.screenshot(path=TARGET)
        running.close()
    print(f"{TARGET.name}: {TARGET.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
