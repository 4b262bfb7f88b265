"""Signs requests as Amazon's own client does: one in JSON a line comes in, the header `Authorization` goes out."""

import datetime
import json
import sys

import botocore.auth
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

for line in sys.stdin:
    asked = json.loads(line)
    at = datetime.datetime.strptime(asked["time"], "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc)
    botocore.auth.get_current_datetime = lambda *_, **__: at
    # The client adds these two by itself; it must not find them there.
    headers = {k: v for k, v in asked["headers"].items() if k not in ("x-amz-date", "x-amz-security-token")}
    request = AWSRequest(asked["method"], asked["url"], headers=headers, data=asked["body"].encode())
    keys = asked["credentials"]
    credentials = Credentials(keys["accessKeyId"], keys["secretAccessKey"], keys.get("sessionToken"))
    SigV4Auth(credentials, asked["service"], asked["region"]).add_auth(request)
    print(json.dumps(request.headers["Authorization"]), flush=True)
