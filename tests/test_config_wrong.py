"""What failoverd says about a wrong config: one line each, with file, path, reason and what to do."""

from typing import NamedTuple

import pytest

from state.settings.problems import did_you_mean
from tests.configs import KEY, said_about

GEMINI = '[provider.gemini]\nkey = "env:GOOD"\n'
LOCAL = '[provider.local]\nurl = "http://127.0.0.1:8000/v1"\nmodels = ["llava", "qwen3"]\n'
ENVIRONMENT = {
    "GOOD": "a-good-key-0123",
    "SPLIT": "one\ntwo-lines",
    "UNSEEN": "abc\u200bdefgh",
    "EMPTY": "",
    "OTHER": "another-key",
}


class Wrong(NamedTuple):
    what: str
    text: str
    line: str


FILES = (
    Wrong(
        "a setting without a value",
        "[daemon]\nsocket\n",
        "FILE: line 2, column 7: a name without = and a value",
    ),
    Wrong(
        "text without quotation marks",
        f"[provider.openai]\nkey = {KEY}\n",
        "FILE: line 2, column 7: a value is missing or none; text needs quotation marks around it",
    ),
    Wrong(
        "an open quotation mark",
        f'[provider.openai]\nkey = "{KEY}\n',
        "FILE: line 2, column 32: a character that may not stand there",
    ),
    Wrong(
        "the same table twice",
        f"{GEMINI}[provider.gemini]\npriority = 1\n",
        "FILE: line 3, column 17: the same table stands there twice",
    ),
    Wrong(
        "the same setting twice",
        "[daemon]\ndrain_s = 1\ndrain_s = 2\n[journal]\n",
        "FILE: line 3, column 12: the same setting stands there twice",
    ),
    Wrong(
        "an endless list",
        f'{LOCAL}[pool.a]\nlanes = ["local"\n',
        "FILE: the end of the file: the ] of a list is missing",
    ),
    Wrong("a tower of lists", f"a = {'[' * 5000}", "FILE: has lists or tables nested too deeply"),
    Wrong("a number without end", f"a = {'9' * 5000}", "FILE: has a number with too many digits"),
    Wrong(
        "nobody to answer",
        "[daemon]\ndrain_s = 1\n",
        "FILE: provider: is missing: nobody is there to answer; [provider.pollinations] is enough, without a key",
    ),
)

SHAPES = (
    Wrong(
        "an unknown section",
        f"{LOCAL}[providers.gemini]\n",
        "FILE: providers: is not a setting; did you mean provider?",
    ),
    Wrong(
        "a misspelled setting",
        f"{LOCAL}timeuot = 3\n",
        "FILE: provider.local.timeuot: is not a setting; did you mean timeout?",
    ),
    Wrong(
        "a setting that others call so",
        f'[provider.gemini]\napi_key = "{KEY}"\nkey = "env:GOOD"\n',
        "FILE: provider.gemini.api_key: is not a setting; it is called key here",
    ),
    Wrong(
        "a setting that nobody calls so",
        f"{LOCAL}[journal]\nzzz = 3\n",
        "FILE: journal.zzz: is not a setting; settings here: path, keep_days, keep_mib",
    ),
    Wrong(
        "a key as the name of a setting",
        f'[provider.gemini]\nkey = "env:GOOD"\n{KEY} = true\n',
        "FILE: provider.gemini.(not shown): is not a setting; settings here: name, api, url, image_url, "
        "priority, weight, keys, models, limits, model_limits, reset_zone, timeout, ...",
    ),
    Wrong(
        "text for a number",
        f'{LOCAL}[daemon]\ndrain_s = "30"\n',
        "FILE: daemon.drain_s: must be a number, not text",
    ),
    Wrong(
        "a number for text",
        f"{GEMINI}reset_zone = 7\n",
        "FILE: provider.gemini.reset_zone: must be text, not a whole number",
    ),
    Wrong(
        "a fraction for a whole number",
        f"{GEMINI}connections = 1.5\n",
        "FILE: provider.gemini.connections: must be a whole number, not a number",
    ),
    Wrong(
        "a switch for a number",
        f"{GEMINI}connections = true\n",
        "FILE: provider.gemini.connections: must be a whole number, not true or false",
    ),
    Wrong(
        "a date for a switch",
        f"{GEMINI}enabled = 2026-01-01\n",
        "FILE: provider.gemini.enabled: must be true or false, not a date or time",
    ),
    Wrong(
        "one model without a list",
        f'{GEMINI}models = "a"\n',
        "FILE: provider.gemini.models: must be a list, not text",
    ),
    Wrong(
        "providers as a list",
        '[[provider]]\nname = "gemini"\n',
        "FILE: provider: must be a table, not a list",
    ),
    Wrong(
        "a provider as a number",
        "[provider]\ngemini = 1\n",
        "FILE: provider.gemini: must be a table, not a whole number",
    ),
    Wrong(
        "a negative time",
        f"{GEMINI}timeout.connect_s = -1\n",
        "FILE: provider.gemini.timeout.connect_s: is too small; from 0.001 to 31,622,400",
    ),
    Wrong(
        "a time that is no number",
        f"{GEMINI}timeout.gap_s = nan\n",
        "FILE: provider.gemini.timeout.gap_s: is nan, which is no amount; from 0.001 to 31,622,400",
    ),
    Wrong(
        "an infinite time",
        f"{LOCAL}[daemon]\ndrain_s = inf\n",
        "FILE: daemon.drain_s: is inf, which is no amount; from 0 to 31,622,400",
    ),
    Wrong(
        "a million retries",
        f"{GEMINI}retry.retries = 1000000\n",
        "FILE: provider.gemini.retry.retries: is too large; from 0 to 10",
    ),
    Wrong(
        "a ladder without steps",
        f"{GEMINI}retry.ladder_s = []\n",
        "FILE: provider.gemini.retry.ladder_s: is empty; one entry at least",
    ),
    Wrong(
        "a row of none",
        f"{GEMINI}quarantine.row = 0\n",
        "FILE: provider.gemini.quarantine.row: is too small; from 1 to 1,000",
    ),
    Wrong(
        "no connections",
        f"{GEMINI}connections = 0\n",
        "FILE: provider.gemini.connections: is too small; from 1 to 1,024",
    ),
    Wrong(
        "a limit of nothing",
        f"{GEMINI}limits.rpm = 0\n",
        "FILE: provider.gemini.limits.rpm: is too small; from 1 to 1,000,000,000,000",
    ),
    Wrong(
        "a weight of nothing",
        f"{GEMINI}weight = 0\n",
        "FILE: provider.gemini.weight: is too small; from 0.001 to 1,000,000",
    ),
    Wrong(
        "an unknown strategy",
        f'{LOCAL}[pool.a]\nlanes = ["local"]\nstrategy = "cheap"\n',
        "FILE: pool.a.strategy: is none of its choices; did you mean cheapest? One of primary_only, round_robin, "
        "best_performance, weighted, random, cheapest",
    ),
    Wrong(
        "an unknown dialect",
        f'{LOCAL}api = "soap"\n',
        "FILE: provider.local.api: is none of its choices; one of openai, azure, gemini, anthropic, ollama, pollinations",
    ),
    Wrong("a pool without lanes", f"{LOCAL}[pool.a]\n", "FILE: pool.a.lanes: is missing"),
    Wrong(
        "a pool with no lanes",
        f"{LOCAL}[pool.a]\nlanes = []\n",
        "FILE: pool.a.lanes: is empty; one entry at least",
    ),
)

PROVIDERS = (
    Wrong(
        "a misspelled provider",
        '[provider.gemni]\nkey = "env:GOOD"\n',
        "FILE: provider.gemni.url: is missing, and failoverd knows no provider of this name; did you mean gemini?",
    ),
    Wrong(
        "an unknown provider without a URL",
        '[provider.own]\nkey = "env:GOOD"\n',
        "FILE: provider.own.url: is missing, and failoverd knows no provider of this name; write where it lives: url = ...",
    ),
    Wrong(
        "a provider's name with a slash",
        LOCAL.replace("local", '"lo/cal"'),
        'FILE: provider."lo/cal": is no name; up to 64 letters, digits, . _ and -, a letter or digit first',
    ),
    Wrong(
        "a key as a provider's name",
        LOCAL.replace("local", f'"{KEY}"'),
        "FILE: provider.(not shown): looks like a key; a name is shown in every status and log: choose another",
    ),
    Wrong(
        "a provider called auto",
        LOCAL.replace("local", "auto"),
        "FILE: provider.auto: is the name of the pool of everything; choose another",
    ),
    Wrong(
        "a provider with two names",
        f'{LOCAL}name = "other"\n',
        "FILE: provider.local.name: differs from the table's name; take this line out",
    ),
    Wrong(
        "a URL that is none",
        LOCAL.replace("http://127.0.0.1:8000/v1", "my server"),
        "FILE: provider.local.url: is no URL; one looks like https://api.example.com/v1",
    ),
    Wrong(
        "a URL of another kind",
        LOCAL.replace("http://", "htp://"),
        "FILE: provider.local.url: does not begin with https:// or http://; did you mean http or https?",
    ),
    Wrong(
        "a password in a URL",
        LOCAL.replace("127.0.0.1", f"me:{KEY}@127.0.0.1"),
        "FILE: provider.local.url: has a name or password in it; take it out; a key goes into key = ...",
    ),
    Wrong(
        "a key as the user of a URL",
        LOCAL.replace("127.0.0.1", f"{KEY}@127.0.0.1"),
        "FILE: provider.local.url: has a name or password in it; take it out; a key goes into key = ...",
    ),
    Wrong(
        "a key in a URL's query",
        LOCAL.replace("/v1", f"/v1?key={KEY}"),
        "FILE: provider.local.url: has something behind a ? or #; leave only scheme, host and path",
    ),
    Wrong(
        "a port that is none",
        LOCAL.replace("8000", "80000"),
        "FILE: provider.local.url: has a host or port that is none; one looks like https://api.example.com/v1",
    ),
    Wrong(
        "an address to listen on",
        LOCAL.replace("127.0.0.1", "0.0.0.0"),
        "FILE: provider.local.url: is an address to listen on, not one to call; write 127.0.0.1 or localhost",
    ),
    Wrong(
        "the cloud's own secrets",
        LOCAL.replace("127.0.0.1", "169.254.169.254"),
        "FILE: provider.local.url: is an address that is refused: link-local, where clouds keep their metadata; "
        "if it is meant, set allow_private = true",
    ),
    Wrong(
        "a key in the clear",
        LOCAL.replace("127.0.0.1", "gpu.lan") + 'key = "env:GOOD"\n',
        "FILE: provider.local.url: would send the key unencrypted to another machine; "
        "use https://, or set allow_http = true if everybody on the way may read it",
    ),
    Wrong(
        "a probe that is no URL",
        f'{LOCAL}probe.url = "ping"\n',
        "FILE: provider.local.probe.url: does not begin with https:// or http://",
    ),
    Wrong(
        "a proxy of another kind",
        f'{LOCAL}proxy = "socks5://127.0.0.1:1080"\n',
        "FILE: provider.local.proxy: does not begin with https:// or http://",
    ),
    Wrong(
        "a missing file of certificates",
        f'{LOCAL}ca_file = "/nowhere/ca.pem"\n',
        "FILE: provider.local.ca_file: file /nowhere/ca.pem does not exist",
    ),
    Wrong(
        "a relative file of certificates",
        f'{LOCAL}ca_file = "ca.pem"\n',
        "FILE: provider.local.ca_file: is no absolute path",
    ),
    Wrong(
        "an unknown time zone",
        f'{LOCAL}reset_zone = "Pacific"\n',
        "FILE: provider.local.reset_zone: is no time zone; one looks like America/Los_Angeles or UTC",
    ),
    Wrong(
        "bounds the wrong way round",
        f"{LOCAL}retry.pause_s_min = 2\n",
        "FILE: provider.local.retry.pause_s_min: is more than retry.pause_s_max",
    ),
    Wrong(
        "no models",
        '[provider.own]\nurl = "https://api.example.com/v1"\n',
        'FILE: provider.own.models: is missing; name at least one: models = ["..."]',
    ),
    Wrong(
        "the same model twice",
        f'{GEMINI}models = ["gemini-2.5-flash", "b", "gemini-2.5-flash"]\n',
        "FILE: provider.gemini.models[2]: is the same as in models[0]",
    ),
    Wrong(
        "a pattern as a model",
        f'{GEMINI}models = ["gemini-*"]\n',
        "FILE: provider.gemini.models[0]: has a * or ?, which stand for anything in patterns",
    ),
)

KEYS = (
    Wrong(
        "a missing key",
        "[provider.gemini]\n",
        'FILE: provider.gemini.keys[0].secret: is missing; for instance key = "env:GEMINI_API_KEY"',
    ),
    Wrong(
        "the key itself",
        f'[provider.openai]\nkey = "{KEY}"\n',
        "FILE: provider.openai.key: holds a key itself, or something like one; a key does not belong in this file: "
        "put it into a file of its own (chmod 600) and write file:PATH here, or env:NAME or credential:NAME",
    ),
    Wrong(
        "the key itself behind env:",
        f'[provider.openai]\nkeys = ["env:GOOD", "env:{KEY}"]\n',
        "FILE: provider.openai.keys[1]: holds a key itself, or something like one; a key does not belong in this file: "
        "put it into a file of its own (chmod 600) and write file:PATH here, or env:NAME or credential:NAME",
    ),
    Wrong(
        "both key and keys",
        '[provider.openai]\nkey = "env:GOOD"\nkeys = ["env:GOOD"]\n',
        "FILE: provider.openai.key: stands beside keys; write all of them in keys",
    ),
    Wrong(
        "a name of a key twice",
        '[[provider.openai.keys]]\nname = "mine"\nsecret = "env:GOOD"\n'
        '[[provider.openai.keys]]\nname = "mine"\nsecret = "env:OTHER"\n',
        "FILE: provider.openai.keys[1].name: is the same as in keys[0]",
    ),
    Wrong(
        "one secret twice",
        '[provider.openai]\nkeys = ["env:GOOD", "env:GOOD"]\n',
        "FILE: provider.openai.keys[1]: is the same as in keys[0]",
    ),
    Wrong(
        "a variable that is not set",
        '[provider.openai]\nkey = "env:OPENAI_API_KEY"\n',
        "FILE: provider.openai.key: variable OPENAI_API_KEY is not set; set it where the daemon is started",
    ),
    Wrong(
        "an empty variable",
        '[provider.openai]\nkey = "env:EMPTY"\n',
        "FILE: provider.openai.key: variable EMPTY is empty",
    ),
    Wrong(
        "a variable that no shell could set",
        '[provider.openai]\nkey = "env:MY-KEY"\n',
        "FILE: provider.openai.key: is no name of a variable; write env:GEMINI_API_KEY",
    ),
    Wrong(
        "a key of two lines",
        '[provider.openai]\nkey = "env:SPLIT"\n',
        "FILE: provider.openai.key: variable SPLIT holds more than one line; leave only the key",
    ),
    Wrong(
        "a key with something unseen",
        '[provider.openai]\nkey = "env:UNSEEN"\n',
        "FILE: provider.openai.key: variable UNSEEN holds an invisible character (U+200B, zero-width space) "
        "at character 4; write the key anew",
    ),
    Wrong(
        "a missing file",
        '[provider.openai]\nkey = "file:keys/openai"\n',
        "FILE: provider.openai.key: file DIR/keys/openai does not exist",
    ),
    Wrong(
        "a credential without systemd",
        '[provider.openai]\nkey = "credential:openai"\n',
        "FILE: provider.openai.key: systemd passed no credentials ($CREDENTIALS_DIRECTORY is not set); "
        "add LoadCredential=openai:PATH to the unit; outside of systemd use file: or env:",
    ),
    Wrong(
        "a path for a credential",
        '[provider.openai]\nkey = "credential:/etc/key"\n',
        "FILE: provider.openai.key: is no name of a credential; write credential:gemini, "
        "the name that LoadCredential= gives it; for a path, file:PATH",
    ),
    Wrong(
        "nothing behind file:",
        '[provider.openai]\nkey = "file:"\n',
        "FILE: provider.openai.key: names nothing behind file:; write file:/etc/failoverd/keys/gemini",
    ),
)

POOLS = (
    Wrong(
        "a misspelled lane",
        f'{LOCAL}[pool.a]\nlanes = ["local/qwen3", "local/lava"]\n',
        "FILE: pool.a.lanes[1]: matches no lane; did you mean local/llava or local/key1/llava or local?",
    ),
    Wrong(
        "a lane that resembles none",
        f'{LOCAL}[pool.a]\nlanes = ["zzz"]\n',
        "FILE: pool.a.lanes[0]: matches no lane; failoverd check shows those that there are",
    ),
    Wrong(
        "a pool called like a provider",
        f'{LOCAL}[pool.local]\nlanes = ["local"]\n',
        "FILE: pool.local: is the name of a provider too; choose another: an app that asks for it must mean one",
    ),
    Wrong(
        "a pool called auto",
        f'{LOCAL}[pool.auto]\nlanes = ["local"]\n',
        "FILE: pool.auto: is the name of the pool of everything, which is there anyway; choose another",
    ),
    Wrong(
        "a weight for a lane elsewhere",
        f'{GEMINI}{LOCAL}[pool.a]\nlanes = ["local"]\nweights = {{ "gemini" = 2 }}\n',
        "FILE: pool.a.weights.gemini: matches none of this pool's lanes",
    ),
    Wrong(
        "no failover to a lane elsewhere",
        f'{GEMINI}{LOCAL}[pool.a]\nlanes = ["local"]\nno_failover_to = ["gemini"]\n',
        "FILE: pool.a.no_failover_to[0]: matches none of this pool's lanes",
    ),
    Wrong(
        "data that nobody may see",
        f'{LOCAL}[pool.a]\nlanes = ["local"]\ndata_class = "medical"\n',
        "FILE: pool.a.data_class: may be seen by no provider of its lanes; add it to data_classes of those that may see it",
    ),
)

DAEMON = (
    Wrong(
        "a relative socket",
        f'{LOCAL}[daemon]\nsocket = "failoverd.sock"\n',
        "FILE: daemon.socket: is no absolute path",
    ),
    Wrong(
        "a long socket",
        f'{LOCAL}[daemon]\nsocket = "/{"d" * 107}"\n',
        "FILE: daemon.socket: is 108 bytes long; the path of a Unix socket has at most 107",
    ),
    Wrong(
        "one socket for two",
        f'{LOCAL}[daemon]\nsocket = "/run/a"\nhttp_socket = "/run/a"\n',
        "FILE: daemon.http_socket: is the same as socket; they speak different languages",
    ),
    Wrong(
        "an open door",
        f'{LOCAL}[daemon]\nhttp_tcp = "0.0.0.0:4747"\n',
        "FILE: daemon.http_tcp: lets other machines in without a token; set http_token, or listen on 127.0.0.1",
    ),
    Wrong(
        "an address without a port",
        f'{LOCAL}[daemon]\nhttp_tcp = "127.0.0.1"\n',
        "FILE: daemon.http_tcp: is no address; one looks like 127.0.0.1:4747",
    ),
    Wrong(
        "a token that is not there",
        f'{LOCAL}[daemon]\nhttp_token = "env:TOKEN"\n',
        "FILE: daemon.http_token: variable TOKEN is not set; set it where the daemon is started",
    ),
    Wrong(
        "more for one than for all",
        f"{LOCAL}[daemon]\nin_flight_max = 10\n",
        "FILE: daemon.in_flight_per_client_max: is more than in_flight_max",
    ),
)


@pytest.mark.parametrize(
    "wrong",
    [pytest.param(each, id=each.what) for each in (*FILES, *SHAPES, *PROVIDERS, *KEYS, *POOLS, *DAEMON)],
)
def test_a_wrong_config_is_said_in_one_line(tmp_path, wrong: Wrong):
    assert said_about(tmp_path, wrong.text, ENVIRONMENT) == [wrong.line]


def test_all_that_is_wrong_is_said_at_once_section_by_section(tmp_path):
    text = """
        [provider.gemini]
        key = "env:MISSING"
        priority = "first"
        [provider.own]
        url = "ftp://example.com"
        models = ["a", "a"]
        key = "env:NOWHERE"
        [pool.p]
        lanes = ["nobody-knows"]
        [daemon]
        drain_s = "30"
        socket = "here"
    """

    assert said_about(tmp_path, text) == [
        "FILE: provider.gemini.priority: must be a whole number, not text",
        "FILE: daemon.drain_s: must be a number, not text",
        "FILE: provider.own.url: does not begin with https:// or http://",
        "FILE: provider.own.models[1]: is the same as in models[0]",
        "FILE: provider.own.key: variable NOWHERE is not set; set it where the daemon is started",
    ]


def test_nothing_is_said_about_what_refers_to_a_section_that_is_wrong(tmp_path):
    text = f'{GEMINI}priority = "first"\n[pool.a]\nlanes = ["gemini"]\n'

    assert said_about(tmp_path, text, ENVIRONMENT) == [
        "FILE: provider.gemini.priority: must be a whole number, not text"
    ]


def test_a_hundred_problems_are_cut_to_fifty(tmp_path):
    text = LOCAL + "".join(f"unknown{n} = 1\n" for n in range(100))

    lines = said_about(tmp_path, text)

    assert (len(lines), lines[-1]) == (51, "FILE: and 50 more")


def test_of_what_is_wrong_with_one_setting_only_the_first_is_said(tmp_path):
    text = '[provider.openai]\nkeys = ["env:NOWHERE", "env:NOWHERE"]\n'

    assert said_about(tmp_path, text) == [
        "FILE: provider.openai.keys[1]: is the same as in keys[0]",
        "FILE: provider.openai.keys[0]: variable NOWHERE is not set; set it where the daemon is started",
    ]


def test_hints_name_what_is_close_and_nothing_is_compared_for_long():
    assert did_you_mean("Gemeni", ["gemini", "openai"]) == "did you mean gemini?"
    assert did_you_mean("zzz", ["gemini"]) == ""
    assert did_you_mean("x" * 100, ["x" * 99]) == ""
    assert did_you_mean(KEY[:-1], [KEY]) == ""
