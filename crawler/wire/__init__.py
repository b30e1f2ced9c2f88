"""The wire: connections of our own that keep each exchange as it crossed them (design 5).

The stable codes of an attempt that brought no whole answer:

- the URL: `bad-url`, `bad-request`
- the name: `dns-nxdomain`, `dns-nodata`, `dns-servfail`, `dns-timeout`, `dns-failure`
- the address: `private-address`; `connect-refused`, `connect-reset`, `connect-timeout`,
  `connect-unreachable`, `connect-failed`
- the proxy: `proxy-unreachable`, `proxy-refused`
- TLS: `tls-protocol`, `tls-handshake`, `timeout-tls`; under `require` the verdict that forbids, as
  `tls-expired`, `tls-not-yet-valid`, `tls-wrong-name`, `tls-unknown-issuer`, `tls-self-signed`,
  `tls-weak-key`, `tls-weak-signature`, `tls-bad-signature`, `tls-not-checked` …
- the answer: `empty-answer`, `reset-before-answer`, `stale-connection`, `reset-mid-body`,
  `timeout-first-byte`, `timeout-idle`, `timeout-slow`, `timeout-total`, `over-limit`
- ourselves: `our-network-down`
"""
