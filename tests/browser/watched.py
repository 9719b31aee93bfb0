"""A page under watch: what it asked for and what it complained about."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.sync_api import ConsoleMessage, Page, Request


@dataclass
class Watched:
    """A page and what it asked for and complained about since it was opened."""

    page: Page
    origin: str
    requests: list[Request] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    # statuses that a test provokes; Chromium reports them on the console by itself
    expected: tuple[str, ...] = ()

    def asked(self, request: Request) -> None:
        self.requests.append(request)

    def said(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(message.text)

    def unexpected(self) -> list[str]:
        return [text for text in self.complaints if not any(part in text for part in self.expected)]

    def foreign(self) -> list[str]:
        own = urlsplit(self.origin).netloc
        return [
            r.url
            for r in self.requests
            if urlsplit(r.url).scheme in {"http", "https", "ws", "wss"} and urlsplit(r.url).netloc != own
        ]
