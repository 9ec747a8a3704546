"""As whom a command reaches the cloud, and what it says when it may not."""

from __future__ import annotations

import base64
import json
import ssl
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from google.oauth2.credentials import Credentials

from wfprov.core.errors import NotAuthenticatedError
from wfprov.core.resource import Call
from wfprov.emulator import admin
from wfprov.gcp.dispatch import GoogleCloud
from wfprov.gcp.session import Session, embedded_session
from wfprov.plan.live import project_call

ANA = "user:ana@example.com"
BEN = "user:ben@example.com"
DEPLOYER = "deployer@acme-shop.iam.gserviceaccount.com"
MIDDLE = "middle@acme-shop.iam.gserviceaccount.com"
CREATOR = "roles/iam.serviceAccountTokenCreator"
ISSUER = "https://token.actions.githubusercontent.com"
PROVIDER = (
    "projects/493817260155/locations/global/workloadIdentityPools/github-pool/providers/github"
)


@pytest.fixture
def accounts(emulator):
    """Two service accounts; the first owns the project."""
    cloud = GoogleCloud(
        embedded_session(
            root=emulator.http_url, grpc_target=emulator.grpc_target, token=emulator.token(ANA)
        )
    )
    with cloud:
        for email in (DEPLOYER, MIDDLE):
            cloud.send(
                Call(
                    client="google.cloud.iam_admin_v1:IAMClient",
                    method="create_service_account",
                    request={
                        "name": "projects/acme-shop",
                        "accountId": email.partition("@")[0],
                        "serviceAccount": {},
                    },
                )
            )
        owners = {"role": "roles/owner", "members": [ANA, f"serviceAccount:{DEPLOYER}"]}
        policy(cloud, "cloudresourcemanager:v3", "projects", "projects/acme-shop", owners)
        yield cloud


def policy(cloud, client, collection, resource, *bindings):
    cloud.send(
        Call(
            client=client,
            method=f"{collection}.setIamPolicy",
            request={"resource": resource, "body": {"policy": {"bindings": list(bindings)}}},
        )
    )


def may_impersonate(cloud, email, *members):
    binding = {"role": CREATOR, "members": list(members)}
    resource = f"projects/-/serviceAccounts/{email}"
    policy(cloud, "iam:v1", "projects.serviceAccounts", resource, binding)


def callers(emulator, api=None):
    return {
        entry["caller"]
        for entry in emulator.plane.requests()
        if api is None or entry["api"] == api
        if "caller" in entry
    }


def test_a_plan_is_made_as_the_account_that_is_impersonated(
    deployed, emulator, accounts, monkeypatch
):
    may_impersonate(accounts, DEPLOYER, BEN)
    monkeypatch.setenv("GOOGLE_OAUTH_ACCESS_TOKEN", emulator.token(BEN))
    emulator.plane.forget_requests()
    ended = deployed.wfprov("plan", "-e", "shop", "--impersonate-service-account", DEPLOYER)
    assert ended.code == 0, ended.err
    assert callers(emulator, "iamcredentials") == {BEN}
    assert callers(emulator) - {BEN} == {f"serviceAccount:{DEPLOYER}"}
    assert callers(emulator, "iam") == {f"serviceAccount:{DEPLOYER}"}


def test_every_command_that_reaches_the_cloud_impersonates(
    deployed, emulator, accounts, monkeypatch
):
    may_impersonate(accounts, DEPLOYER, BEN)
    monkeypatch.setenv("GOOGLE_OAUTH_ACCESS_TOKEN", emulator.token(BEN))
    monkeypatch.setenv("CLOUDSDK_AUTH_IMPERSONATE_SERVICE_ACCOUNT", DEPLOYER)
    for command in (
        ("apply", "-e", "shop", "--auto-approve"),
        ("audit", "-e", "shop"),
        ("why", "main.charge", "-e", "shop"),
        ("bootstrap", "-e", "shop", "--auto-approve"),
        ("destroy", "-e", "shop", "--auto-approve"),
        ("catalog", "refresh", "-e", "shop"),
    ):
        emulator.plane.forget_requests()
        ended = deployed.wfprov(*command)
        assert ended.code == 0, (command, ended.err)
        assert callers(emulator) - {BEN} == {f"serviceAccount:{DEPLOYER}"}, command
        assert callers(emulator, "iamcredentials") == {BEN}, command


def test_a_chain_goes_through_each_account_and_ends_with_the_last(
    deployed, emulator, accounts, monkeypatch
):
    may_impersonate(accounts, MIDDLE, BEN)
    monkeypatch.setenv("GOOGLE_OAUTH_ACCESS_TOKEN", emulator.token(BEN))
    command = ("plan", "-e", "shop", "--impersonate-service-account", f"{MIDDLE},{DEPLOYER}")
    refused = deployed.wfprov(*command)
    assert refused.code == 1
    assert "each of the chain" in refused.err
    may_impersonate(accounts, DEPLOYER, f"serviceAccount:{MIDDLE}")
    ended = deployed.wfprov(*command)
    assert ended.code == 0, ended.err


def test_impersonation_that_is_refused_names_the_role_to_grant(deployed, emulator, monkeypatch):
    monkeypatch.setenv("GOOGLE_OAUTH_ACCESS_TOKEN", emulator.token(BEN))
    ended = deployed.wfprov("plan", "-e", "shop", "--impersonate-service-account", DEPLOYER)
    assert ended.code == 1
    assert f"you may not impersonate {DEPLOYER}" in " ".join(ended.err.split())
    assert "iam.serviceAccounts.getAccessToken" in " ".join(ended.err.split())
    assert f"{CREATOR} on {DEPLOYER}" in " ".join(ended.err.split())


def test_an_account_that_is_not_there_cannot_be_impersonated(deployed, accounts):
    binding = {"role": CREATOR, "members": [ANA]}
    owners = {"role": "roles/owner", "members": [ANA]}
    policy(accounts, "cloudresourcemanager:v3", "projects", "projects/acme-shop", owners, binding)
    ended = deployed.wfprov(
        "plan", "-e", "shop", "--impersonate-service-account", DEPLOYER.replace("dep", "x-dep")
    )
    assert ended.code == 1
    assert "there is no service account x-deployer@" in ended.err


@pytest.mark.parametrize("email", ["ana@example.com", "deployer", "a@b.iam.gserviceaccount.com/x"])
def test_what_is_no_service_account_is_wrong_usage(deployed, email):
    ended = deployed.wfprov("plan", "-e", "shop", "--impersonate-service-account", email)
    assert ended.code == 3
    assert "is no service account" in ended.err


def test_quota_is_counted_in_the_billing_project(deployed, emulator, monkeypatch):
    sent = {"projectId": "acme-quota", "owner": ANA}
    admin.answer(emulator.plane, "POST", "emulator/v1/projects", {}, sent)
    ended = deployed.wfprov("plan", "-e", "shop", "--billing-project", "acme-quota")
    assert ended.code == 0, ended.err
    for option in (("--billing-project", "acme-other"), ()):
        if not option:
            monkeypatch.setenv("GOOGLE_CLOUD_QUOTA_PROJECT", "acme-other")
        refused = deployed.wfprov("plan", "-e", "shop", *option)
        assert refused.code == 1
        assert "use project acme-other" in refused.err
        assert "--billing-project" in refused.err


def adc(session, monkeypatch, body):
    monkeypatch.delenv("GOOGLE_OAUTH_ACCESS_TOKEN", raising=False)
    text = body if isinstance(body, str) else json.dumps(body)
    path = session.write("adc.json", text)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(path))


def project_as(credentials, emulator):
    session = Session(
        credentials=credentials,
        source="application default credentials",
        root=emulator.http_url,
        grpc_target=emulator.grpc_target,
    )
    with GoogleCloud(session) as cloud:
        return cloud.send(project_call("acme-shop"))


def login(emulator, refresh_token):
    """The credentials of a login, with the control plane's address for tokens."""
    return Credentials(
        None,
        refresh_token=refresh_token,
        token_uri=f"{emulator.http_url}/oauth2/token",
        client_id="id",
        client_secret="none",
    )


def test_a_login_reads_and_one_that_was_revoked_asks_for_a_new_one(emulator):
    assert project_as(login(emulator, ANA), emulator)["projectId"] == "acme-shop"
    with pytest.raises(NotAuthenticatedError, match="expired or were revoked") as refused:
        project_as(login(emulator, "revoked"), emulator)
    assert "gcloud auth application-default login" in refused.value.help


def test_a_revoked_login_is_no_unavailable_service_over_grpc(emulator):
    session = Session(
        credentials=login(emulator, "revoked"),
        root=emulator.http_url,
        grpc_target=emulator.grpc_target,
    )
    call = Call(
        client="google.cloud.iam_admin_v1:IAMClient",
        method="list_service_accounts",
        request={"name": "projects/acme-shop"},
    )
    with GoogleCloud(session) as cloud, pytest.raises(NotAuthenticatedError):
        cloud.send(call)


def test_without_any_credentials_it_says_how_to_log_in(session, monkeypatch):
    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS", raising=False)
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(session.folder / "nothing"))
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    session.write("a.yaml", "- a:\n    call: sys.log\n    args: {text: x}\n")
    ended = session.wfprov("plan", "a.yaml", "--project", "acme-shop", "--region", "europe-west1")
    assert ended.code == 1
    assert "there are no application default credentials" in ended.err
    assert "gcloud auth application-default login" in ended.err


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        "{}",
        '{"type": "service_account"}',
        '{"type": "authorized_user"}',
        '{"type": "external_account"}',
        '{"type": "service_account", "client_email": "a@b", "token_uri": "x", "private_key": "y"}',
        "\x00",
    ],
)
def test_a_malformed_file_is_named_and_ends_in_no_traceback(deployed, monkeypatch, text):
    adc(deployed, monkeypatch, text)
    ended = deployed.wfprov("plan", "-e", "shop")
    assert ended.code == 1
    assert "GOOGLE_APPLICATION_CREDENTIALS names no usable credentials" in ended.err
    assert "adc.json" in ended.err


def pipeline_token(**claims):
    """What a pipeline's issuer would sign; nobody checks the signature on loopback."""
    known = {
        "iss": ISSUER,
        "aud": f"https://iam.googleapis.com/{PROVIDER}",
        "exp": time.time() + 600,
        "sub": "repo:acme/orders:ref:refs/heads/main",
        "repository": "acme/orders",
        **claims,
    }
    parts = ({"alg": "none"}, known)
    encoded = [base64.urlsafe_b64encode(json.dumps(p).encode()).decode().rstrip("=") for p in parts]
    return ".".join([*encoded, ""])


@pytest.fixture
def federation(emulator, accounts, deployed, monkeypatch):
    """A pool that admits one repository, which may become the deployer; its credentials file."""
    pools = "projects.locations.workloadIdentityPools"
    pool, _, name = PROVIDER.partition("/providers/")
    for method, request in (
        (
            f"{pools}.create",
            {
                "parent": pool.rpartition("/workloadIdentityPools")[0],
                "workloadIdentityPoolId": "github-pool",
                "body": {},
            },
        ),
        (
            f"{pools}.providers.create",
            {
                "parent": pool,
                "workloadIdentityPoolProviderId": name,
                "body": {
                    "attributeMapping": {
                        "google.subject": "assertion.sub",
                        "attribute.repository": "assertion.repository",
                    },
                    "attributeCondition": "assertion.repository == 'acme/orders'",
                    "oidc": {"issuerUri": ISSUER},
                },
            },
        ),
    ):
        accounts.send(Call(client="iam:v1", method=method, request=request))
    user = {
        "role": "roles/iam.workloadIdentityUser",
        "members": [f"principalSet://iam.googleapis.com/{pool}/attribute.repository/acme/orders"],
    }
    on = f"projects/-/serviceAccounts/{DEPLOYER}"
    policy(accounts, "iam:v1", "projects.serviceAccounts", on, user)

    def signed_in(**claims):
        subject = deployed.write("token.jwt", pipeline_token(**claims))
        iam = f"{emulator.http_url}/iamcredentials/v1/{on}:generateAccessToken"
        adc(
            deployed,
            monkeypatch,
            {
                "type": "external_account",
                "audience": f"//iam.googleapis.com/{PROVIDER}",
                "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
                "token_url": f"{emulator.http_url}/sts/v1/token",
                "service_account_impersonation_url": iam,
                "credential_source": {"file": str(subject)},
            },
        )
        return deployed

    return signed_in


def test_a_pipeline_exchanges_its_token_and_applies_as_the_deployer(federation, emulator):
    session = federation()
    emulator.plane.forget_requests()
    ended = session.wfprov("apply", "-e", "shop", "--auto-approve")
    assert ended.code == 0, ended.err
    assert callers(emulator, "workflows") == {f"serviceAccount:{DEPLOYER}"}
    pool = PROVIDER.partition("/providers/")[0]
    subject = "repo:acme/orders:ref:refs/heads/main"
    assert callers(emulator, "iamcredentials") == {
        f"principal://iam.googleapis.com/{pool}/subject/{subject}"
    }


@pytest.mark.parametrize(
    ("claims", "said"),
    [
        ({"repository": "mallory/orders"}, "attribute condition does not admit this pipeline"),
        ({"aud": "https://elsewhere.example"}, "for another audience"),
        ({"exp": 1}, "expired"),
        ({"iss": "https://gitlab.com"}, "issuer"),
    ],
    ids=["repository", "audience", "expired", "issuer"],
)
def test_a_token_of_a_pipeline_that_is_not_taken_says_why(federation, claims, said):
    ended = federation(**claims).wfprov("plan", "-e", "shop")
    assert ended.code == 1
    assert said in ended.err


def test_a_token_file_that_is_missing_says_what_the_job_must_do(federation):
    session = federation()
    (session.folder / "token.jwt").unlink()
    ended = session.wfprov("plan", "-e", "shop")
    assert ended.code == 1
    assert "token.jwt" in ended.err


def test_credentials_of_another_universe_are_refused_before_anything_is_sent(
    deployed, emulator, monkeypatch
):
    body = {
        "type": "external_account",
        "audience": f"//iam.googleapis.com/{PROVIDER}",
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "token_url": "https://sts.elsewhere.example/v1/token",
        "credential_source": {"file": "token.jwt"},
        "universe_domain": "elsewhere.example",
    }
    adc(deployed, monkeypatch, body)
    emulator.plane.forget_requests()
    ended = deployed.wfprov("plan", "-e", "shop")
    assert ended.code == 1
    assert "is of the universe elsewhere.example" in ended.err
    assert emulator.plane.requests() == []


CLOUD = "endpoint: cloud\nproject: acme-shop\nregion: europe-west1\n"


def test_an_endpoint_where_nobody_listens_is_named(deployed):
    other = CLOUD + "endpoints: {cloudresourcemanager: 'http://127.0.0.1:9'}\n"
    deployed.write("environments/shop.yaml", other)
    ended = deployed.wfprov("plan", "-e", "shop")
    assert ended.code == 1
    assert "no answer from http://127.0.0.1:9" in ended.err
    assert "`endpoints:`" in ended.err


def test_a_certificate_that_nobody_signed_is_said_to_be_untrusted(deployed, tmp_path):
    with https_server(tmp_path) as port:
        other = CLOUD + f"endpoints: {{cloudresourcemanager: 'https://127.0.0.1:{port}'}}\n"
        deployed.write("environments/shop.yaml", other)
        ended = deployed.wfprov("plan", "-e", "shop")
    assert ended.code == 1
    assert "is not trusted" in ended.err
    assert "REQUESTS_CA_BUNDLE" in ended.err


class Quiet(ThreadingHTTPServer):
    """A server that says nothing of a client that hangs up."""

    def handle_error(self, request, client_address):
        pass


@contextmanager
def https_server(folder):
    """The port of a server with a certificate of its own making."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    file = folder / "server.pem"
    file.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    with Quiet(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        server.socket = context.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()
