"""What the server refuses, with Ollama's status codes."""


class APIError(Exception):
    """An answer of `status` with the message as `{"error": …}`."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def bad_request(message: str) -> APIError:
    """Return the error for a request that can't be understood or carried out."""
    return APIError(400, message)


def model_not_found(name: str) -> APIError:
    """Return the error for a model that is not in the store."""
    return APIError(404, f"model '{name}' not found")
