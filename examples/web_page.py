"""A web page with recommendations, their reasons and a button, in front of the service; the key stays on this side.

$ kgrec key new web-page --scopes read,explain-anybody,write        # prints a key, once
$ kgrec serve --store kglite:shop.kgl --bundle shop.bundle --keys kgrec.keys --events shop.events
$ KGREC_KEY=kgrec_... python web_page.py        # then open http://127.0.0.1:8001/?user=ada
"""

import os
from html import escape
from urllib.parse import parse_qs
from uuid import uuid4
from wsgiref.simple_server import make_server

from kgrec import Client

service = Client(os.environ.get("KGREC_URL", "http://127.0.0.1:8000"), key=os.environ.get("KGREC_KEY", ""))


def page(request, respond):
    user = parse_qs(request["QUERY_STRING"]).get("user", ["ada"])[0]
    if request["REQUEST_METHOD"] == "POST":
        form = parse_qs(request["wsgi.input"].read(int(request["CONTENT_LENGTH"])).decode())
        service.report({"id": form["event"][0], "user": user, "item": form["item"][0]})
    places = "".join(
        f"<li><b>{escape(one.name)}</b>: {escape(one.explanation['sentence'])}"
        f"<form method=post><input type=hidden name=event value={uuid4()}>"
        f"<button name=item value='{escape(one.item)}'>Buy it</button></form>"
        for one in service.recommend(user, k=3, explain="short")
    )
    respond("200 OK", [("Content-Type", "text/html; charset=utf-8")])
    return [f"<!doctype html><title>The shop</title><h1>For {escape(user)}</h1><ol>{places}</ol>".encode()]


if __name__ == "__main__":
    make_server("127.0.0.1", 8001, page).serve_forever()
