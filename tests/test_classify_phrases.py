"""The phrases that people have always looked for in errors, wherever they stand and however they are written."""

from collections.abc import Callable

import pytest

from state.classify import classify
from state.classify.phrases import Phrases
from state.classify.themes import access, blame, limits, models, money, policy, size, trouble, wire
from state.classify.wording import plain
from state.failures import Evidence, Kind, Scope, Where

NOW_MS = 1_785_000_000_000

LOOKED_FOR = {
    "the model was not found": Kind.NOT_FOUND,
    "model x is not supported": Kind.NOT_FOUND,
    "call ListModels to see what there is": Kind.NOT_FOUND,
    "invalid model": Kind.NOT_FOUND,
    "model not available": Kind.NOT_FOUND,
    "rate limit": Kind.RATE_LIMIT,
    "too many requests": Kind.RATE_LIMIT,
    "limit exceeded": Kind.RATE_LIMIT,
    "quota": Kind.QUOTA,
    "service unavailable": Kind.UNAVAILABLE,
    "timeout": Kind.TIMEOUT,
    "network error": Kind.NETWORK,
    "connection failed": Kind.NETWORK,
}


@pytest.mark.parametrize(("phrase", "kind"), LOOKED_FOR.items())
@pytest.mark.parametrize("write", [str, str.lower, str.upper, str.title, lambda text: text.replace(" ", "_")])
@pytest.mark.parametrize("where", [Where.STREAM, Where.TRANSPORT])
def test_a_phrase_alone_tells_the_kind(phrase: str, kind: Kind, write: Callable[[str], str], where: Where):
    said = write(phrase)
    evidence = (
        Evidence(where=where, exception=said)
        if where is Where.TRANSPORT
        else Evidence(where=where, body=said)
    )
    assert classify(evidence, NOW_MS).kind is kind


def test_not_found_alone_is_a_wrong_address_and_with_a_model_a_missing_model():
    assert [
        (failure.kind, failure.scope)
        for failure in (
            classify(Evidence(status=404, body="Not Found"), NOW_MS),
            classify(Evidence(status=404, body="model-x: model not found"), NOW_MS),
        )
    ] == [(Kind.NOT_FOUND, Scope.PROVIDER), (Kind.NOT_FOUND, Scope.MODEL)]


def test_one_spelling_for_many():
    assert (
        plain("Can\u2019t  find\n`Rate_Limit`\u2014see \u201chttps://x.y/z\u201d, it isn't \uff28ere")
        == "cannot find rate limit see , it is not here"
    )


def test_dots_stand_for_a_few_words_and_not_for_a_page():
    phrases = Phrases("model ... does not exist")
    assert phrases.occur_in("the model acme/x v2 does not exist")
    assert not phrases.occur_in("model" + " and so on" * 30 + " does not exist")


def test_short_words_stand_alone():
    phrases = Phrases("rpm | 5h")
    assert phrases.occur_in("max rpm: 3")
    assert phrases.occur_in("200rpm")
    assert not phrases.occur_in("request id harpmaker15h7")


def test_a_theme_says_how_much_it_holds():
    assert repr(Phrases("too fast | zu schnell | \u592a\u5feb | so ... fast")) == "<4 phrases>"


THEMES = {
    f"{module.__name__.rpartition('.')[2]}.{name}": theme
    for module in (access, blame, limits, models, money, policy, size, trouble, wire)
    for name, theme in vars(module).items()
    if isinstance(theme, Phrases)
}


def phrases_of(theme: Phrases) -> list[str]:
    return [
        *theme.english,
        *theme.foreign,
        *(part for first, last, _ in theme.patterns for part in (first, last)),
    ]


@pytest.mark.parametrize("theme", THEMES)
def test_every_phrase_is_written_in_the_one_spelling(theme: str):
    misspelt = {phrase: plain(phrase) for phrase in phrases_of(THEMES[theme]) if plain(phrase) != phrase}
    assert misspelt == {}


@pytest.mark.parametrize("theme", THEMES)
def test_no_phrase_hides_behind_a_shorter_one(theme: str):
    whole = (*THEMES[theme].english, *THEMES[theme].foreign)
    idle = {long: short for long in whole for short in whole if short != long and short in long}
    assert idle == {}
