"""LangChain's client. python langchain_client.py BASE_URL"""

# mypy: ignore-errors
# Written as an app would be, against libraries of an environment of its own.
# ruff: noqa: T201 - what it prints is what it has to say

import json
import sys

import openai
from langchain_openai import ChatOpenAI
from pydantic import BaseModel


class Weather(BaseModel):
    city: str
    degrees: int


def model(name: str) -> ChatOpenAI:
    return ChatOpenAI(base_url=sys.argv[1], api_key="unused", model=name)


print(json.dumps({"text": model("good-only").invoke("Hello").content}))
print(json.dumps({"stream": "".join(chunk.content for chunk in model("good-only").stream("Hello"))}))
print(
    json.dumps(
        {"structured": model("good-only").with_structured_output(Weather).invoke("Weather?").model_dump()}
    )
)
try:
    model("limited-only").invoke("Hello")
except openai.APIStatusError as error:
    print(json.dumps({"exhausted": [error.status_code, error.code]}))
