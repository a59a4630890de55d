"""`/v1/search`: items and users by name."""

from __future__ import annotations

from fastapi.testclient import TestClient


def test_items_and_users(client: TestClient) -> None:
    items = client.get("/v1/search?text=ALIEN&k=1").json()
    assert items == {"text": "ALIEN", "matches": [{"kind": "item", "id": "alien", "name": "Alien"}]}
    assert client.get("/v1/search?text=alien").json()["matches"][1]["id"] == "aliens"
    users = client.get("/v1/search?text=An&kind=user").json()
    assert users["matches"] == [{"kind": "user", "id": "ann", "name": "ann"}]
    assert client.get("/v1/search?text=+&kind=user").json()["matches"] == []
