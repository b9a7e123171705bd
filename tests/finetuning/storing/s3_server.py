"""An S3 server on a port: moto's, which keeps everything in memory."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tests.support.processes import free_port, running


@contextmanager
def s3_server() -> Iterator[dict[str, str]]:
    """Run it; yields the variables by which boto3 finds it."""
    url = f"http://127.0.0.1:{(port := free_port())}"
    command = [sys.executable, "-W", "ignore", "-m", "moto.server", "--port", str(port)]
    with running(command, ready_url=f"{url}/moto-api/"):
        yield {
            "AWS_ENDPOINT_URL_S3": url,
            "AWS_ACCESS_KEY_ID": "somebody",
            "AWS_SECRET_ACCESS_KEY": "nobody-may-read-this",
            "AWS_DEFAULT_REGION": "us-east-1",
        }
