"""How long after `impasto studio` is something painted on its page, and after a slider's move?

    PYTHONPATH=tests python benchmarks/studio_page.py [MOVES]

Needs Debian's Chromium, which is open already, as a person's browser is. The page paints its
example; then its strength is changed again and again, at the screen's size of 1024 px.
"""

from __future__ import annotations

import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from server.calls import encoded

PAINTED = """before => {
    const all = [...document.querySelectorAll('img[src$="painting.jpg"]')];
    const shown = all.find(each => each.checkVisibility() && each.complete);
    return shown && shown.src != before && shown.src;
}"""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def wait_until_it_listens(port: int) -> None:
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.01)
        else:
            return


def painting(page: Page, before: str | None) -> str:
    """Return the address of the next painting, once it is there."""
    return str(page.wait_for_function(PAINTED, arg=before, timeout=300_000).json_value())


def repaint_s(page: Page, moves: int, shown: str) -> list[float]:
    """Return how long the page took to paint anew after each change of the strength."""
    took = []
    for number in range(moves):
        strength = page.get_by_label("number input for Strength").first
        began = time.perf_counter()
        strength.fill(f"{0.5 + 0.05 * (number % 8):.2f}")
        strength.press("Enter")
        shown = painting(page, shown)
        took.append(time.perf_counter() - began)
    return took


def main(moves: int) -> None:
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as play:
        chromium = play.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        page, port = chromium.new_page(viewport={"width": 1280, "height": 1000}), free_port()
        command = [sys.executable, "-m", "impasto", "studio", "--no-browser"]
        began = time.perf_counter()
        server = subprocess.Popen([*command, "--port", str(port), "--folder", f"{folder}/server"])
        try:
            wait_until_it_listens(port)
            page.goto(f"http://127.0.0.1:{port}", timeout=300_000)
            painting(page, None)
            print(f"first painting: {time.perf_counter() - began:.1f} s after the command")
            page.get_by_text("Paint at full size").first.wait_for()
            shown = painting(page, None)
            print(f"with all there is to do: {time.perf_counter() - began:.1f} s")
            large = Path(folder, "large.jpg")
            large.write_bytes(encoded(1600, 1067, "jpg"))
            page.get_by_role("button", name=re.compile("clear|remove", re.I)).first.click()
            page.locator("input[type=file]").first.set_input_files(large)
            shown = painting(page, shown)
            page.wait_for_timeout(20_000)  # until all styles are painted
            took = repaint_s(page, moves, shown)
            print(f"repainted in {statistics.median(took):.2f} s, {max(took):.2f} s at most")
        finally:
            server.terminate()
            server.wait()
        chromium.close()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20)
