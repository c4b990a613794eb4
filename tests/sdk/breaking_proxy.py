"""A proxy that hands the simulator's answers on, broken in one way: the negative control's fault."""

import http.client
import http.server
import json
import re
import threading
import urllib.parse


def snake_case_usage(body, _headers):
    return re.sub(rb'"(promptTokenCount|candidatesTokenCount|totalTokenCount|usageMetadata)"', lambda m: b'"' + re.sub(rb"([A-Z])", lambda u: b"_" + u.group(1).lower(), m.group(1)) + b'"', body)


def without_overage(body, _headers):
    if b"current_overage" not in body:
        return body
    subscription = json.loads(body)
    subscription.pop("current_overage", None)
    subscription.get("subscription", {}).pop("current_overage", None)
    return json.dumps(subscription).encode()


def events_run_together(body, headers):
    if headers.get("content-type") == "text/event-stream":
        return body.replace(b"\r\n\r\n", b"\r\n")
    return body


def counts_as_text(body, _headers):
    return re.sub(rb'"(\w*TokenCount|tokenCount)":(\d+)', rb'"\1":"\2"', body)


def unknown_field(body, _headers):
    return body.replace(b'"usageMetadata":{', b'"usageMetadata":{"promptTokens":1,')


def without_eval_count(body, _headers):
    return re.sub(rb'"eval_count":\d+,?', b"", body)


def without_cost(body, headers):
    headers.pop("character-cost", None)
    return body


def nothing(body, _headers):
    return body


BREAKS = {break_.__name__: break_ for break_ in (snake_case_usage, without_overage, events_run_together, counts_as_text, unknown_field, without_eval_count, without_cost, nothing)}


def start(upstream, break_):
    """Starts the proxy on a free port; gives its URL and a function that stops it."""
    target = urllib.parse.urlparse(upstream)

    class Handler(http.server.BaseHTTPRequestHandler):
        def log_message(self, *_):
            pass

        def forward(self):
            length = int(self.headers.get("content-length") or 0)
            connection = http.client.HTTPConnection(target.hostname, target.port, timeout=30)
            headers = {name: value for name, value in self.headers.items() if name.lower() not in ("host", "accept-encoding")}
            connection.request(self.command, self.path, self.rfile.read(length), headers)
            response = connection.getresponse()
            kept = {name.lower(): value for name, value in response.getheaders() if name.lower() not in ("transfer-encoding", "content-length", "connection")}
            body = break_(response.read(), kept)
            self.send_response(response.status)
            for name, value in kept.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            connection.close()

        do_GET = do_POST = forward

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()

    def stop():
        server.shutdown()
        server.server_close()

    return f"http://127.0.0.1:{server.server_port}", stop
