"""Asks services of AWS at a stated address: a line of JSON on standard input for each call, a line with its answer."""

import json
import sys

import boto3
from botocore.config import Config


def fitted(value, shape, left, path=""):
    """What an operation takes of the properties of a template, by its own names and types; `left` gets the others."""
    if shape.type_name == "structure" and isinstance(value, dict):
        names = {name.lower(): name for name in shape.members}
        taken = {}
        for key, inner in value.items():
            name = names.get(key.lower()) or names.get(f"tag{key.lower()}")
            if name is None or unlike(inner, shape.members[name]):
                left.append(path + key)
            else:
                taken[name] = fitted(inner, shape.members[name], left, f"{path}{key}.")
        return taken
    if shape.type_name == "list":
        if isinstance(value, dict):
            value = [{"Key": key, "Value": each} for key, each in value.items()]
        return [fitted(each, shape.member, left, path) for each in value]
    if shape.type_name == "map" and isinstance(value, list):
        return {each["Key"]: each["Value"] for each in value}
    if shape.type_name == "string" and not isinstance(value, str):
        return json.dumps(value)
    if shape.type_name in ("integer", "long"):
        return int(value)
    return value


def unlike(value, shape):
    """True for a structure where a list is expected that is none of tags."""
    return isinstance(value, dict) and shape.type_name == "list" and "Key" not in getattr(shape.member, "members", {})


def answer(session, address, call):
    client = session.client(call["service"], endpoint_url=address, config=Config(retries={"max_attempts": 0}))
    parameters, left = call["parameters"], []
    if call.get("fit"):
        name = client.meta.method_to_api_mapping[call["operation"]]
        parameters = fitted(parameters, client.meta.service_model.operation_model(name).input_shape, left)
    return {"answer": getattr(client, call["operation"])(**parameters), "left": left}


def main(address, region):
    session = boto3.Session("penstock", "penstock", region_name=region)
    for line in sys.stdin:
        try:
            reply = answer(session, address, json.loads(line))
        except Exception as error:  # The test says what it is.
            reply = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(reply, default=str), flush=True)


main(*sys.argv[1:])
