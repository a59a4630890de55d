"""`/metrics`: what was answered, without an id of anybody."""

from __future__ import annotations

from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families


def test_requests_are_counted_by_resource_and_status(client: TestClient) -> None:
    for address in ("/v1/users/ann", "/v1/users/bob", "/v1/users/nobody", "/nowhere/ann", "/v1/similar?item=alien"):
        client.get(address)
    text = client.get("/metrics").text
    assert "ann" not in text
    assert "bob" not in text
    found = {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    assert found["kgrec_requests_total", "/v1/users/{user:path}", "200"] == 2
    assert found["kgrec_requests_total", "/v1/users/{user:path}", "404"] == 1
    assert found["kgrec_requests_total", "none", "404"] == 1
    assert found["kgrec_request_seconds_count", "/v1/similar"] == 1
    assert (found["kgrec_items",], found["kgrec_degraded",], found["kgrec_requests_under_way",]) == (7, 0, 1)


def figures(client: TestClient) -> dict[tuple[str, ...], float]:
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(client.get("/metrics").text)
        for sample in family.samples
    }


def test_a_service_with_one_model_and_no_events_has_no_figures_of_them(client: TestClient) -> None:
    found = figures(client)
    assert found["process_resident_memory_bytes",] > 1e6
    assert not [name for name, *_ in found if name.startswith(("kgrec_events", "kgrec_model_"))]
