"""How requests reach Ardoq: the transport, what may be sent twice, the rate limit, and the answers."""
