"""Prometheus itself reads our page, and promtool every expression that we ship."""

import json
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import pytest

from tests.fakeserver.strange_ports import free_port
from tests.strangers import absent
from tests.street import street
from tests.test_metrics import dashboard_expressions

pytestmark = pytest.mark.stranger

ROOT = Path(__file__).parent.parent
PROMETHEUS = ROOT / ".strangers/prometheus/usr/bin/prometheus"
ALERTS = ROOT / "systemd/alerts.yml"
PATIENCE_S = 30.0

STORY = """\
rule_files: [{alerts}]
evaluation_interval: 1m
tests:
  - interval: 1m
    input_series:
      - series: failoverd_pool_usable_lanes{{pool="captions"}}
        values: 2 0 0 0
      - series: failoverd_pool_lanes{{pool="captions"}}
        values: 2 2 2 2
      - series: failoverd_attempts_total{{gen_ai_provider_name="a",failoverd_key="key1",gen_ai_request_model="m",outcome="auth"}}
        values: 0 0 1 1
    alert_rule_test:
      - eval_time: 1m
        alertname: FailoverdPoolOut
      - eval_time: 3m
        alertname: FailoverdPoolOut
        exp_alerts:
          - exp_labels: {{pool: captions, severity: critical}}
            exp_annotations:
              summary: Pool captions has no lane left that could be asked
              description: failoverctl status names each lane's reason and when it may be back.
      - eval_time: 3m
        alertname: FailoverdKeyRefused
        exp_alerts:
          - exp_labels: {{gen_ai_provider_name: a, failoverd_key: key1, gen_ai_request_model: m, outcome: auth, severity: warning}}
            exp_annotations:
              summary: a refuses the key key1
              description: "It stays out until it is replaced: change the secret, then failoverctl reload."
"""


def promtool(*words: str, said: str = "") -> str:
    """What it says; it must be content."""
    tool = PROMETHEUS.with_name("promtool")
    if not tool.exists():
        absent("promtool is not here; .ci/strangers installs it")
    ended = subprocess.run(
        [str(tool), *words], input=said, capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout + ended.stderr


def test_promtool_takes_every_alert():
    assert "SUCCESS" in promtool("check", "rules", str(ALERTS))


def test_the_alerts_ring_when_they_should(tmp_path):
    story = tmp_path / "story.yml"
    story.write_text(STORY.format(alerts=ALERTS))
    assert "SUCCESS" in promtool("test", "rules", str(story))


def test_promtool_takes_every_expression_of_the_dashboard(tmp_path):
    rules = tmp_path / "dashboard.yml"
    given = {"$__rate_interval": "5m", "$__range": "6h", "$pool": ".*", "$provider": ".*"}
    records = []
    for number, expression in enumerate(dashboard_expressions()):
        for name, value in given.items():
            expression = expression.replace(name, value)  # noqa: PLW2901 - variable after variable
        records.append({"record": f"panel:{number}", "expr": expression})
    rules.write_text(json.dumps({"groups": [{"name": "dashboard", "rules": records}]}))
    assert f"{len(records)} rules found" in promtool("check", "rules", str(rules))


def test_prometheus_scrapes_a_daemon_that_works(tmp_path):
    if not PROMETHEUS.exists():
        absent("Prometheus is not here; .ci/strangers installs it")
    with street(tmp_path / "street") as here:
        for pool in ("good-only", "rescued", "limited-only"):
            _ask(here.base_url, pool)
        with urllib.request.urlopen(here.base_url.removesuffix("/v1") + "/metrics", timeout=10) as page:
            assert promtool("check", "metrics", said=page.read().decode()) == ""
        port = free_port()
        config = tmp_path / "prometheus.yml"
        target = urllib.parse.urlsplit(here.base_url).netloc
        scrape = {"job_name": "failoverd", "scrape_interval": "1s", "static_configs": [{"targets": [target]}]}
        config.write_text(json.dumps({"scrape_configs": [scrape], "rule_files": [str(ALERTS)]}))
        words = [
            f"--config.file={config}",
            f"--storage.tsdb.path={tmp_path}/tsdb",
            f"--web.listen-address=127.0.0.1:{port}",
        ]
        with (
            (tmp_path / "prometheus.log").open("w") as log,
            subprocess.Popen([str(PROMETHEUS), *words], stderr=log) as server,
        ):
            try:
                assert _when_there(port, 'up{job="failoverd"}') == 1
                assert _when_there(port, 'failoverd_requests_total{pool="rescued",verdict="ok"}') == 1
                assert _when_there(port, 'sum(failoverd_attempts_total{outcome="answered"})') == 2
                assert _when_there(port, "gen_ai_client_operation_duration_seconds_count") == 2
            finally:
                server.terminate()


def _ask(base_url: str, pool: str) -> None:
    body = json.dumps({"model": pool, "messages": [{"role": "user", "content": "Hello"}]}).encode()
    request = urllib.request.Request(
        f"{base_url}/chat/completions", body, {"content-type": "application/json"}
    )
    try:
        urllib.request.urlopen(request, timeout=30).close()
    except urllib.error.HTTPError as error:
        error.close()  # nobody is left there, which is to be counted, too


def _when_there(port: int, query: str) -> float:
    """The value, as soon as Prometheus has one."""
    url = f"http://127.0.0.1:{port}/api/v1/query?query={urllib.parse.quote(query)}"
    began = time.monotonic()
    while time.monotonic() - began < PATIENCE_S:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                found = json.load(answer)["data"]["result"]
            if found:
                return float(found[0]["value"][1])
        except OSError:
            pass
        time.sleep(0.2)
    raise AssertionError(f"Prometheus never had {query}")
