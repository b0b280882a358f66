import pytest

from state.settings.addresses import why_forbidden


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "::1", "10.1.2.3", "192.168.0.7", "172.16.5.5", "fd12:3456::1", "8.8.8.8", "2606:4700::1111",
     "100.100.100.201", "::ffff:10.0.0.1", "64:ff9b::808:808"],
)  # fmt: skip
def test_public_private_and_loopback_addresses_are_fine(address):
    assert why_forbidden(address) is None


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("169.254.169.254", "link-local, where clouds keep their metadata"),
        ("fe80::1", "link-local"),
        ("fe80::1%eth0", "link-local"),
        ("fd00:ec2::254", "metadata of Amazon"),
        ("fd20:ce::254", "metadata of Google"),
        ("100.100.100.200", "metadata of Alibaba"),
        ("168.63.129.16", "metadata of Azure"),
        ("192.0.0.192", "metadata of Oracle"),
        ("0.0.0.0", "unspecified"),
        ("::", "unspecified"),
        ("224.0.0.1", "multicast"),
        ("ff02::1", "multicast"),
        ("255.255.255.255", "broadcast"),
    ],
)
def test_addresses_that_no_key_may_be_sent_to_are_refused_with_the_reason(address, why):
    assert why_forbidden(address) == why


@pytest.mark.parametrize("disguise", ["::ffff:169.254.169.254", "2002:a9fe:a9fe::1", "64:ff9b::a9fe:a9fe"])
def test_an_address_in_the_clothes_of_another_family_is_recognised(disguise):
    assert why_forbidden(disguise) == "link-local, where clouds keep their metadata"


def test_what_is_no_address_is_refused():
    assert why_forbidden("api.example.com") == "not an address"
