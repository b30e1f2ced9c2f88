"""What a crawl would do, told without touching the network."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from archive.urls import host_of
from crawler.scope import Scope
from crawler.source import GIB, Source


@dataclass(frozen=True)
class DryRun:
    """A source as a crawl would use it; its text is for people, `to_json` for programs."""

    source: Source
    user_agent: str

    def to_json(self) -> dict[str, Any]:
        return {**self.source.to_json(), "seeds": list(self._seeds), "user_agent": self.user_agent}

    def __str__(self) -> str:
        source, rules = self.source, self.source.scope
        lines = [f"source      {source.name}", *_each("seeds", self._seeds)]
        if source.agency.name:
            lines.append(f"agency      {source.agency.name}")
        hosts = rules.hosts or tuple(dict.fromkeys(map(host_of, self._seeds)))
        lines += _each("hosts", hosts)
        lines += _each("paths", rules.paths) + _each("include", rules.include)
        lines += _each("exclude", rules.exclude)
        beyond = "taken one hop beyond" if rules.requisites else "in scope only"
        lines.append(f"requisites  {beyond}")
        lines.append(f"limits      {', '.join(self._limits())}")
        pace = source.pace
        slower = ", slower when the server is" if pace.autothrottle else ""
        lines.append(f"pace        {pace.delay:g} s apart, {pace.concurrency} at once{slower}")
        reason = f" ({source.robots_reason})" if source.robots_reason else ""
        lines.append(f"robots.txt  {source.robots}{reason}")
        lines.append(f"TLS         {source.tls}")
        lines += self._identity()
        return "\n".join(lines)

    @property
    def _seeds(self) -> tuple[str, ...]:
        return Scope(self.source, 0).seeds

    def _limits(self) -> list[str]:
        rules = self.source.scope
        limits = [
            f"{number} {unit}"
            for number, unit in (
                (rules.max_pages, "pages"),
                (rules.max_depth, "links deep"),
                (rules.max_seconds, "seconds"),
            )
            if number is not None
        ]
        return [*limits, f"{rules.max_body / GIB:g} GiB an answer"]

    def _identity(self) -> list[str]:
        identity = self.source.identity
        lines = [f"identity    {identity.name}: {self.user_agent}"]
        lines += [f"proxy       {identity.proxy.rpartition('@')[2]}"] if identity.proxy else []
        lines += [f"from        {identity.bind}"] if identity.bind else []
        asked = ["unchanged bodies stored as references"] if self.source.revisit else []
        asked += ["attachments asked for by validators"] if self.source.conditional else []
        return [*lines, *(f"also        {what}" for what in asked)]


def plan(source: Source, software: str = "muniment") -> DryRun:
    """What `muniment crawl --dry-run` tells."""
    return DryRun(source, source.user_agent(software))


def plan_bytes(source: Source, software: str) -> bytes:
    """The plan as it is kept with the crawl."""
    told = plan(source, software).to_json()
    return json.dumps(told, ensure_ascii=False, sort_keys=True, indent=1).encode()


def _each(name: str, values: tuple[str, ...]) -> list[str]:
    return [f"{name if not place else '':<12}{value}" for place, value in enumerate(values)]
