"""Where a key may travel: addresses that a provider's name must never resolve to.

A name in somebody's DNS can point anywhere. Pointed at a cloud's metadata service, a request of ours would
fetch the machine's own credentials; pointed at the link, it would hand the provider's key to a neighbour.
Loopback and private networks are where local model servers live, and are fine.
"""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

__all__ = ["FORBIDDEN", "why_forbidden"]

FORBIDDEN: tuple[tuple[IPv4Network | IPv6Network, str], ...] = (
    (IPv4Network("169.254.0.0/16"), "link-local, where clouds keep their metadata"),
    (IPv6Network("fe80::/10"), "link-local"),
    (IPv6Network("fd00:ec2::/32"), "metadata of Amazon"),
    (IPv6Network("fd20:ce::/32"), "metadata of Google"),
    (IPv4Network("100.100.100.200/32"), "metadata of Alibaba"),
    (IPv4Network("168.63.129.16/32"), "metadata of Azure"),
    (IPv4Network("192.0.0.192/32"), "metadata of Oracle"),
    (IPv4Network("0.0.0.0/8"), "unspecified"),
    (IPv6Network("::/128"), "unspecified"),
    (IPv4Network("224.0.0.0/4"), "multicast"),
    (IPv6Network("ff00::/8"), "multicast"),
    (IPv4Network("255.255.255.255/32"), "broadcast"),
)

_TRANSLATED = IPv6Network("64:ff9b::/96")
"""NAT64: the last four bytes are the IPv4 address that is reached."""


def why_forbidden(address: str) -> str | None:
    """Why no request goes to this address; None: it may."""
    try:
        reached = _reached(ip_address(address))
    except ValueError:
        return "not an address"
    for network, why in FORBIDDEN:
        if reached.version == network.version and reached in network:
            return why
    return None


def _reached(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """An IPv4 address stays what it is in whatever IPv6 clothes it comes."""
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address in _TRANSLATED:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address
