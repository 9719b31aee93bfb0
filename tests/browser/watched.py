"""A page under watch: what it asked for and what it complained about."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.sync_api import ConsoleMessage, Page, Request
from steps import frames

# Not a measure of speed: past so many looks something is fetched for ever.
_MOST_LOOKS = 600


@dataclass
class Watched:
    """A page and what it asked for and complained about since it was opened."""

    page: Page
    origin: str
    requests: list[Request] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    under_way: list[Request] = field(default_factory=list)
    # statuses that a test provokes; Chromium reports them on the console by itself
    expected: tuple[str, ...] = ()

    def asked(self, request: Request) -> None:
        self.requests.append(request)
        if urlsplit(request.url).scheme in {"http", "https"}:
            self.under_way.append(request)

    def ended(self, request: Request) -> None:
        if request in self.under_way:
            self.under_way.remove(request)

    def said(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(message.text)

    def quiet(self) -> None:
        """Wait until everything that was asked for has come, and what came has led to no further question.

        Playwright's own "networkidle" is said of a page once, and holds no more for what is asked later.
        """
        calm, seen = 0, -1
        for _ in range(_MOST_LOOKS):
            frames(self.page)
            calm = calm + 1 if not self.under_way and len(self.requests) == seen else 0
            seen = len(self.requests)
            if calm == 3:
                return
        raise AssertionError(f"never answered: {[request.url for request in self.under_way]}")

    def unexpected(self) -> list[str]:
        return [text for text in self.complaints if not any(part in text for part in self.expected)]

    def foreign(self) -> list[str]:
        own = urlsplit(self.origin).netloc
        return [
            r.url
            for r in self.requests
            if urlsplit(r.url).scheme in {"http", "https", "ws", "wss"} and urlsplit(r.url).netloc != own
        ]
