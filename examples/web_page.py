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
from kgrec.errors import KgrecError

service = Client(os.environ.get("KGREC_URL", "http://127.0.0.1:8000"), key=os.environ.get("KGREC_KEY", ""))


def page(request, respond):
    user = parse_qs(request["QUERY_STRING"]).get("user", [""])[0]
    status, shown = "200 OK", "<form>For whom? <input name=user aria-label='For whom?'> <button>Show</button></form>"
    try:
        if request["REQUEST_METHOD"] == "POST":
            form = parse_qs(request["wsgi.input"].read(int(request["CONTENT_LENGTH"])).decode())
            service.report({"id": form["event"][0], "user": user, "item": form["item"][0]})
        for one in service.recommend(user, k=3, explain="short") if user else ():
            shown += f"<p><b>{escape(one.name)}</b>: {escape(one.explanation['sentence'])}<form method=post>"
            shown += f"<input type=hidden name=event value={uuid4()}>"
            shown += f"<button name=item value='{escape(one.item)}'>Buy it</button></form>"
    except KgrecError as error:  # nobody knows the user, say, or the service is away
        status, shown = "502 Bad Gateway", f"{shown}<p>{escape(error.summary)}"
    respond(status, [("Content-Type", "text/html; charset=utf-8")])
    return [f"<!doctype html><title>The shop</title><h1>The shop</h1>{shown}".encode()]


if __name__ == "__main__":
    make_server("127.0.0.1", 8001, page).serve_forever()
