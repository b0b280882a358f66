"""What is wrong with one provider's settings, beyond what their types say."""

from collections.abc import Iterator
from operator import attrgetter

from state.config import Api, ProviderConfig
from state.routing.pools import AUTO
from state.settings.known import KNOWN
from state.settings.naming import model_fault, name_fault, path_fault, repeated
from state.settings.problems import Fault, Problem, SettingPath
from state.settings.references import refer
from state.settings.urls import address_fault, clear_text_fault, url_fault
from state.usage.calendars import is_zone

__all__ = ["provider_problems"]

_IN_ORDER = (
    ("retry.pause_s_min", "retry.pause_s_max"),
    ("rest.stated_s_min", "rest.stated_s_max"),
    ("rest.first_s", "rest.grown_s_max"),
    ("quarantine.loopback_s", "quarantine.loopback_s_max"),
)
"""The first must not be more than the second."""


def provider_problems(name: str, provider: ProviderConfig) -> Iterator[Problem]:
    """All that is wrong with it, in the order in which it is written."""
    at: SettingPath = ("provider", name)
    yield from _name(at, provider)
    yield from _addresses(at, provider)
    yield from _keys(at, provider)
    yield from _models(at, provider)
    if not is_zone(provider.reset_zone):
        yield Fault("is no time zone", "one looks like America/Los_Angeles or UTC").at(*at, "reset_zone")
    for less, more in _IN_ORDER:
        if attrgetter(less)(provider) > attrgetter(more)(provider):
            yield Fault(f"is more than {more}").at(*at, *less.split("."))


def _name(at: SettingPath, provider: ProviderConfig) -> Iterator[Problem]:
    if provider.name != at[-1]:
        yield Fault("differs from the table's name", "take this line out").at(*at, "name")
    fault = name_fault(provider.name)
    if fault is not None:
        yield fault.at(*at)
    if provider.name == AUTO:
        yield Fault("is the name of the pool of everything", "choose another").at(*at)


def _addresses(at: SettingPath, provider: ProviderConfig) -> Iterator[Problem]:
    has_key = any(key.secret for key in provider.keys)
    for setting, url in (("url", provider.url), ("image_url", provider.image_url)):
        if setting == "image_url" and not url:
            continue
        fault = url_fault(url)
        if fault is None and not provider.allow_private:
            fault = address_fault(url)
        if fault is None and has_key and not provider.allow_http:
            fault = clear_text_fault(url)
        if fault is not None:
            yield fault.at(*at, setting)
    if provider.probe.url:
        fault = url_fault(provider.probe.url, query_allowed=True)
        if fault is not None:
            yield fault.at(*at, "probe", "url")
    if provider.proxy:
        fault = url_fault(provider.proxy)
        if fault is not None:
            yield fault.at(*at, "proxy")
    if provider.ca_file:
        fault = path_fault(provider.ca_file)
        if fault is not None:
            yield fault.at(*at, "ca_file")


def _keys(at: SettingPath, provider: ProviderConfig) -> Iterator[Problem]:
    for index, key in enumerate(provider.keys):
        fault = name_fault(key.name)
        if fault is not None:
            yield fault.at(*at, "keys", index, "name")
        reference = refer(key.secret) if key.secret else None
        if isinstance(reference, Fault):
            yield reference.at(*at, "keys", index, "secret")
    yield from repeated((*at, "keys"), "name", (key.name for key in provider.keys))
    yield from repeated((*at, "keys"), "secret", (key.secret for key in provider.keys))
    known = KNOWN.get(provider.name)
    if known is not None and known.needs_key and provider.url == known.provider.url:
        for index, key in enumerate(provider.keys):
            if not key.secret:
                yield Fault("is missing", f'for instance key = "env:{known.variable}"').at(
                    *at, "keys", index, "secret"
                )


def _models(at: SettingPath, provider: ProviderConfig) -> Iterator[Problem]:
    for index, model in enumerate(provider.models):
        fault = model_fault(model.name)
        if fault is not None:
            yield fault.at(*at, "models", index, "name")
    yield from repeated((*at, "models"), "name", (model.name for model in provider.models))
    if not provider.models and provider.api is not Api.OLLAMA:
        yield Fault("is missing", 'name at least one: models = ["..."]').at(*at, "models")
