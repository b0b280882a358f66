"""TLS to providers: always verified, one context per set of trusted certificates, shared by all who use it.

Making a context reads some 150 certificates and takes 30 to 300 ms: once, and in a thread.
"""

import asyncio
import ssl

__all__ = ["TrustStore", "make_context"]


class TrustStore:
    """Contexts by CA file; what the machine trusts, by the empty name."""

    def __init__(self) -> None:
        self._contexts: dict[str, asyncio.Future[ssl.SSLContext]] = {}

    def __repr__(self) -> str:
        return f"<trust store: {len(self._contexts)} contexts>"

    async def context(self, ca_file: str = "") -> ssl.SSLContext:
        """The context for this CA file. An unreadable file is an OSError each time one asks: it may be
        readable the next time.
        """
        making = self._contexts.get(ca_file)
        if making is None or (making.done() and making.exception() is not None):
            loop = asyncio.get_running_loop()
            making = self._contexts[ca_file] = loop.run_in_executor(None, make_context, ca_file)
            making.add_done_callback(asyncio.Future.exception)  # known, even if all who asked have left
        return await asyncio.shield(making)


def make_context(ca_file: str) -> ssl.SSLContext:
    """A context that trusts that file alone, or else what the machine trusts.

    Made by hand: `ssl.create_default_context` would write the session keys of all connections to a file
    if SSLKEYLOGFILE stands in the environment.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # which verifies certificate and name
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    if ca_file:
        context.load_verify_locations(cafile=ca_file)
    else:
        context.load_default_certs()
    return context
