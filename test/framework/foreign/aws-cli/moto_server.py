"""Runs moto on a free port of this machine, one request at a time.

The command `moto_server` handles requests in threads without a lock, so two conditional writes of the same item can both
succeed. DynamoDB's are atomic:
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/WorkingWithItems.html#WorkingWithItems.ConditionalUpdate
"""
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import run_simple

app = DomainDispatcherApplication(create_backend_app)
run_simple("127.0.0.1", 0, app, threaded=False, request_handler=MotoRequestHandler)
