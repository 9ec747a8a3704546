"""What to paste into a pipeline so that it deploys as the deployer."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Iterator

from wfprov.render.style import PLAIN, Style
from wfprov.resources.workload_identity_provider import WorkloadIdentityProvider


def snippets(
    providers: Iterable[WorkloadIdentityProvider],
    *,
    deployer: str,
    number: str,
    environment: str,
    branch: str = "main",
    cloud_build: bool = False,
    style: Style = PLAIN,
) -> str:
    """A block for each pipeline, with what makes it the deployer; empty without any.

    `branch` is the one that deploys, `*` for any.
    """
    command = f"wfprov apply{f' -e {environment}' if environment else ''} --auto-approve"
    blocks = []
    for provider in providers:
        name = provider.name.replace(f"projects/{provider.project}/", f"projects/{number}/", 1)
        body = {"github": _github, "gitlab": _gitlab}[provider.provider_id](
            name, deployer, command, branch
        )
        where = {"github": ".github/workflows/deploy.yml", "gitlab": ".gitlab-ci.yml"}
        head = f"Paste into {where[provider.provider_id]}:"
        blocks.append("\n".join([style.paint(head, "bold"), "", *body]))
    if cloud_build:
        head = "Paste into cloudbuild.yaml, and give the trigger the deployer as its account:"
        blocks.append("\n".join([style.paint(head, "bold"), "", *_cloud_build(deployer, command)]))
    return "\n\n".join(blocks)


def credentials_file(name: str, deployer: str, token_file: str) -> dict[str, object]:
    """The credentials file of a job that finds its own token in a file.

    Source: https://google.aip.dev/auth/4117 (not opened); google-auth 2.62 reads it
    """
    account = f"projects/-/serviceAccounts/{deployer}:generateAccessToken"
    return {
        "type": "external_account",
        "audience": f"//iam.googleapis.com/{name}",
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "token_url": "https://sts.googleapis.com/v1/token",
        "service_account_impersonation_url": f"https://iamcredentials.googleapis.com/v1/{account}",
        "credential_source": {"file": token_file},
    }


def _github(name: str, deployer: str, command: str, branch: str) -> Iterator[str]:
    pushed = "" if branch == "*" else f"{{branches: [{json.dumps(branch)}]}}"
    yield from textwrap.dedent(f"""\
        on: {{push: {pushed}}}
        permissions: {{contents: read, id-token: write}}
        jobs:
          deploy:
            runs-on: ubuntu-latest
            steps:
              - uses: actions/checkout@v4
              - uses: google-github-actions/auth@v2
                with:
                  workload_identity_provider: {name}
                  service_account: {deployer}
              - run: pip install wfprov
              - run: {command}""").splitlines()


def _gitlab(name: str, deployer: str, command: str, branch: str) -> Iterator[str]:
    when = "$CI_COMMIT_BRANCH" + ("" if branch == "*" else f' == "{branch}"')
    file = json.dumps(credentials_file(name, deployer, ".google-token"))
    yield from textwrap.dedent(f"""\
        deploy:
          image: python:3.12-slim
          rules: [{{if: '{when}'}}]
          id_tokens:
            GOOGLE_TOKEN: {{aud: "https://iam.googleapis.com/{name}"}}
          variables: {{GOOGLE_APPLICATION_CREDENTIALS: .google-credentials}}
          script:
            - pip install wfprov
            - printf %s "$GOOGLE_TOKEN" > .google-token
            - |
              cat > .google-credentials <<'END'
              {file}
              END
            - {command}""").splitlines()


def _cloud_build(deployer: str, command: str) -> Iterator[str]:
    project = deployer.partition("@")[2].removesuffix(".iam.gserviceaccount.com")
    account = f"projects/{project}/serviceAccounts/{deployer}"
    yield from textwrap.dedent(f"""\
        # gcloud builds triggers create github ... --service-account={account}
        serviceAccount: {account}
        options: {{logging: CLOUD_LOGGING_ONLY}}
        steps:
          - name: python:3.12-slim
            entrypoint: sh
            args: [-c, "pip install wfprov && {command}"]""").splitlines()
