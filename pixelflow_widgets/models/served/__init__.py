"""Language models that somebody serves: any server that speaks as OpenAI's does. Nothing of them is on this machine."""

from .answering import Asked, answer_of
from .server import FIELDS, Server, card_of_server, faults_of, server_of, why_bad_address

__all__ = ["FIELDS", "Asked", "Server", "answer_of", "card_of_server", "faults_of", "server_of", "why_bad_address"]
