"""An app by Authlib: reads what to do as JSON from its input, writes what came of it as JSON.

Authlib does not form-encode id and secret in the header, as RFC 6749 section 2.3.1 would have it.
"""
import json
import sys

from authlib.integrations.requests_client import OAuth2Session

job = json.load(sys.stdin)
endpoints = job["endpoints"]
session = OAuth2Session(
    job["id"],
    job["secret"],
    token_endpoint_auth_method=job["method"],
    redirect_uri=job["redirectUri"],
    scope="openid profile offline_access",
    code_challenge_method="S256",
)
url, state = session.create_authorization_url(
    endpoints["authorization_endpoint"], code_verifier=job["verifier"], prompt="consent"
)
if "answer" not in job:
    json.dump({"url": url, "state": state}, sys.stdout)
    sys.exit()

token = session.fetch_token(
    endpoints["token_endpoint"],
    authorization_response=job["answer"],
    state=job["state"],
    code_verifier=job["verifier"],
)
asked = session.introspect_token(endpoints["introspection_endpoint"], token=token["access_token"])
renewed = session.refresh_token(
    endpoints["token_endpoint"], refresh_token=token["refresh_token"]
)
userinfo = session.get(endpoints["userinfo_endpoint"]).json()
revoked = session.revoke_token(endpoints["revocation_endpoint"], token=renewed["access_token"])
json.dump(
    {
        "active": asked.json()["active"],
        "renewed": renewed["access_token"] != token["access_token"],
        "sub": userinfo["sub"],
        "revoked": revoked.status_code,
    },
    sys.stdout,
)
