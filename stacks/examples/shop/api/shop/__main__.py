"""`python -m shop`: the API, served."""

import os

import uvicorn

PORT = int(os.environ.get("PORT", "8000"))

# Logs are the app's own (shop.logs). A page that follows its orders keeps its answer open for as long as it is looked
# at: a server that is to stop does not wait for that.
uvicorn.run("shop.app:app", host="0.0.0.0", port=PORT, log_config=None, access_log=False, timeout_graceful_shutdown=2)
