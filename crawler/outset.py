"""What a crawl sets out with: its plan as a group, its way out, the roots that it trusts."""

from __future__ import annotations

import warnings

import orjson
from cryptography.utils import CryptographyDeprecationWarning

from archive import warc
from archive.group import Group
from archive.statement import Crawl
from archive.times import Clock
from archive.urls import host_of
from crawler.order import Plan
from crawler.plan import plan_bytes
from crawler.scope import Scope
from crawler.source import Source, is_loopback
from crawler.wire.addresses import is_address, is_private
from crawler.wire.egress import Egress, Proxy
from crawler.wire.tls import Trust


def trust(clock: Clock) -> Trust:
    """The roots of this machine, among which old ones have serial numbers that RFC 5280 forbids."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CryptographyDeprecationWarning)
        return Trust.of_system(clock)


def egress_of(source: Source, scope: Scope) -> Egress:
    """The way out. Private addresses may be asked only where the source's own seeds are private."""
    proxy = source.identity.proxy
    return Egress(
        tls=source.tls,  # type: ignore[arg-type]  # one of three, as Source has checked
        proxy=Proxy.parse(proxy) if proxy else None,
        bind=source.identity.bind,
        allow_private=all(_is_private(host_of(seed)) for seed in scope.seeds),
        credentials=source.identity.cookies,
    )


def _is_private(authority: str) -> bool:
    host = authority.rpartition(":")[0] if not authority.endswith("]") else authority
    host = (host or authority).strip("[]")
    return is_loopback(host) or (is_address(host) and is_private(host))


def plan_group(plan_: Plan) -> Group:
    """The plan of a crawl: its statement, the source file as used, the plan, the agency."""
    source = plan_.source
    settings = {**source.to_json(), "user_agent": source.user_agent(plan_.software)}
    statement = Crawl(
        source=source.name,
        time=plan_.time,
        operator=plan_.operator,
        software=plan_.software,
        configuration=source.configuration(plan_.text, plan_.software),
        settings=settings,
    )
    urn = f"urn:muniment:crawl:{plan_.crawl}"
    agency = orjson.dumps(source.to_json()["agency"], option=orjson.OPT_SORT_KEYS)
    records = (
        warc.resource(f"{urn}:source", plan_.time, plan_.text.encode(), "text/toml"),
        warc.resource(
            f"{urn}:plan", plan_.time, plan_bytes(source, plan_.software), "application/json"
        ),
        warc.resource(f"{urn}:agency", plan_.time, agency, "application/json"),
    )
    return Group(statement, records, plan_.record)
