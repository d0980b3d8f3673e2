"""What the API answers, as types: the description that clients are made from is written from these."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from ..jobs.job import Job, JobStatus
from ..jobs.results import plain


class Problem(BaseModel):
    """Is one thing that is wrong with what was sent."""

    at: str = Field(description="JSON pointer to the value.")
    message: str


class ErrorBody(BaseModel):
    """Says why a request was not done as asked."""

    type: str = Field(description="For programs: it never changes.")
    message: str = Field(description="For people: what is wrong and what to do.")
    at: str | None = Field(None, description="What it is about: a JSON pointer or the name of a header.")
    details: list[Problem] | None = Field(None, description="Every fault, where there are several.")


class Error(BaseModel):
    """Is the body of every answer that refuses."""

    error: ErrorBody


class ImagesErrorBody(BaseModel):
    """Says why, in the words of OpenAI's clients."""

    message: str
    type: str
    param: str | None
    code: str | None


class ImagesError(BaseModel):
    """Is the body of a refusal below /v1/images."""

    error: ImagesErrorBody


class Failure(BaseModel):
    """Says why a job failed."""

    model_config = ConfigDict(extra="allow")
    type: str
    message: str


class JobUrls(BaseModel):
    """Says where to ask about a job."""

    self: str
    events: str
    cancel: str


class JobTold(BaseModel):
    """Is a job: one run that a request asked for."""

    id: str
    flow: str
    version: int
    status: JobStatus
    position: int | None = Field(description="Jobs that go before it while it waits.")
    progress: float | None = Field(description="How much is done, from 0 to 1.")
    note: str = Field(description="What is being done.")
    estimate: float | None = Field(description="Seconds that such a job takes, by the last ones.")
    attempts: int
    priority: Literal["high", "normal", "low"]
    created_at: float = Field(description="Seconds since 1970.")
    started_at: float | None
    finished_at: float | None
    expires_at: float | None = Field(description="When the job and its results are removed.")
    inputs: dict[str, Any] = Field(description="By name, with the seeds that were drawn; files by their ids.")
    outputs: dict[str, Any] | None = Field(description="By name; files as what GET /v1/artifacts/{id} gives.")
    error: Failure | None
    seeds: dict[str, Any] | None = Field(description="The seeds that were used: sent again, they give the same.")
    usage: JobUsage | None
    urls: JobUrls


class JobList(BaseModel):
    """Is a page of jobs, newest first."""

    jobs: list[JobTold]
    next: str | None = Field(description="What `before` takes for the next page.")


class FlowTold(BaseModel):
    """Is an endpoint: a published flow."""

    name: str
    version: int
    title: str
    help: str
    note: str
    published_at: float
    is_current: bool
    versions: list[int] = Field(description="Those that can be called.")
    request: dict[str, Any] = Field(description="JSON Schema of the body.")
    result: dict[str, Any] = Field(description="JSON Schema of a job's outputs.")
    caps: dict[str, Any] = Field(description="How much work one job may ask for.")
    estimate: float | None = Field(description="Seconds that a job takes, by the last ones.")
    url: str
    description: str = Field(description="Where its own OpenAPI document is.")


class FlowList(BaseModel):
    """Is every endpoint that a key reaches."""

    flows: list[FlowTold]


class CodeTold(BaseModel):
    """Is programs that call a flow; each reads the key from the environment."""

    curl: str
    python: str
    typescript: str


class UploadTold(BaseModel):
    """Is a file that inputs may name by its id."""

    id: str
    type: str
    bytes: int
    width: int | None = None
    height: int | None = None
    seconds: float | None = None
    frames: int | None = None
    expires_at: float | None


class UsageRow(BaseModel):
    """Is what was used on a day, of an endpoint, by a key."""

    day: str
    key: str
    name: str
    status: str
    jobs: int
    seconds: float
    nodes: int
    found: int
    input_tokens: int = Field(description="That models read.")
    cached_tokens: int = Field(description="Those among them that a server had in its cache.")
    output_tokens: int = Field(description="That models wrote.")
    images: int
    cpu_seconds: float
    gpu_seconds: float
    money: float = Field(description="Of what has a price; by the prices of then.")
    unpriced: int = Field(description="Jobs that used something whose price is not known.")


class UsageTold(BaseModel):
    """Is what was used, and its sums."""

    usage: list[UsageRow]
    jobs: int
    seconds: float
    nodes: int
    found: int
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    images: int
    cpu_seconds: float
    gpu_seconds: float
    money: float
    unpriced: int
    currency: str = Field(description="Of the money.")


class JobUsage(BaseModel):
    """Is what a job used; the jobs of older versions say less."""

    model_config = ConfigDict(extra="allow")
    seconds: float | None = Field(default=None, description="From its begin to its end.")
    nodes: int | None = Field(default=None, description="That ran.")
    found: int | None = Field(default=None, description="Whose results were there.")
    input_tokens: int | None = None
    cached_tokens: int | None = None
    output_tokens: int | None = None
    images: int | None = None
    cpu_seconds: float | None = None
    gpu_seconds: float | None = None
    money: float | None = Field(default=None, description="None where a price is not known.")
    currency: str | None = None
    unpriced: int | None = Field(default=None, description="Nodes whose price is not known.")


class WebhookTold(BaseModel):
    """Is a registered webhook; the secret is told when it is made or read by itself."""

    id: str
    url: str
    events: list[str]
    created_at: float
    secret: str | None = None


class WebhookList(BaseModel):
    """Is every webhook of a key."""

    webhooks: list[WebhookTold]


class SecretTold(BaseModel):
    """Is what signs deliveries to URLs that requests name."""

    secret: str


class DeliveryTold(BaseModel):
    """Is one event on its way to one URL."""

    model_config = ConfigDict(extra="allow")
    id: str
    state: str


class DeliveryList(BaseModel):
    """Is the newest deliveries of a key."""

    deliveries: list[DeliveryTold]


class Health(BaseModel):
    """Says that the server is there."""

    status: Literal["ok", "draining"]


class Queued(BaseModel):
    """Is what the other shape of the API answers to a call."""

    request_id: str
    poll_url: str
    status: str


class Polled(BaseModel):
    """Is what the other shape of the API answers to a poll."""

    request_id: str
    status: Literal["QUEUED", "PROCESSING", "COMPLETED", "FAILED"]
    output: str | None = Field(None, description="JSON, once more as text; files as addresses.")
    error: str | None = None
    error_message: str | None = None


class ImageItem(BaseModel):
    """Is one picture."""

    b64_json: str


class ImagesTold(BaseModel):
    """Is what OpenAI's clients are answered."""

    created: int
    data: list[ImageItem]


def job_told(job: Job, *, position: int | None = None, estimate: float | None = None) -> dict[str, Any]:
    """Return a job as `JobTold` says it.

    Args:
        job: The job.
        position: Jobs that go before it, while it waits.
        estimate: Seconds that such a job takes.
    """
    url = f"/v1/jobs/{job.id}"
    return {
        "id": job.id,
        "flow": job.name,
        "version": job.number,
        "status": job.status,
        "position": position,
        "progress": job.progress,
        "note": job.note,
        "estimate": estimate,
        "attempts": job.attempts,
        "priority": {-1: "high", 1: "low"}.get(job.priority, "normal"),
        "created_at": job.created_at,
        "started_at": job.started_at,
        "finished_at": job.finished_at,
        "expires_at": job.expires_at,
        "inputs": {name: _plain(value) for name, value in job.inputs.items()},
        "outputs": job.outputs,
        "error": job.error,
        "seeds": job.seeds,
        "usage": job.usage,
        "urls": {"self": url, "events": f"{url}/events", "cancel": f"{url}/cancel"},
    }


def _plain(value: Any) -> Any:
    """Return an input as its sender may read it again: numbers that JavaScript would round are text."""
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value if isinstance(value, dict) else plain(value)
