"""How a pipeline of a code host becomes a service account without a key."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from wfprov.core.errors import InputError
from wfprov.resources.workload_identity_pool import WorkloadIdentityPool
from wfprov.resources.workload_identity_provider import WorkloadIdentityProvider

Host: TypeAlias = Literal["github", "gitlab"]

GITHUB: Final = "https://token.actions.githubusercontent.com"
GITLAB: Final = "https://gitlab.com"
ANY_BRANCH: Final = "*"

_REPOSITORY: Final = {
    "github": re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,38}/[A-Za-z0-9._-]{1,100}"),
    "gitlab": re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}(/[A-Za-z0-9_][A-Za-z0-9._-]{0,99})+"),
}
_BRANCH: Final = re.compile(r"(?!/)[A-Za-z0-9._/#@+=-]{1,200}")
_CALLED: Final = {"github": "OWNER/REPO", "gitlab": "GROUP/PROJECT"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipeline:
    """A repository whose pipeline deploys, `acme/orders`.

    `branch` is the one from which it may, `*`: from any. `repository_id` is the number that the
    host gave it: a name can be taken by somebody else once it is free, a number can not.
    """

    host: Host
    repository: str
    branch: str = "main"
    repository_id: str = ""
    issuer: str = ""

    def checked(self) -> Pipeline:
        """The pipeline with its issuer.

        Raises:
            InputError: it is no name of a repository, branch or issuer: what is written into a
                condition is never guessed.
        """
        if _REPOSITORY[self.host].fullmatch(self.repository) is None:
            raise InputError(
                f"{self.repository} is no repository of {self.host}",
                help=f"write {_CALLED[self.host]}",
            )
        if self.branch != ANY_BRANCH and _BRANCH.fullmatch(self.branch) is None:
            raise InputError(
                f"{self.branch} is no name of a branch", help="write one branch, or * for any"
            )
        if self.repository_id and not self.repository_id.isdecimal():
            raise InputError(
                f"{self.repository_id} is no number of a repository",
                help="gh api repos/OWNER/REPO --jq .id tells it; of GitLab the project's page",
            )
        issuer = self.issuer or {"github": GITHUB, "gitlab": GITLAB}[self.host]
        if re.fullmatch(r"https://[A-Za-z0-9.-]+(:\d+)?(/[\w./-]*)?", issuer) is None:
            raise InputError(f"{issuer} is no address of an issuer", help="write https://HOST")
        return Pipeline(
            host=self.host,
            repository=self.repository,
            branch=self.branch,
            repository_id=self.repository_id,
            issuer=issuer.rstrip("/"),
        )

    @property
    def condition(self) -> str:
        """Which tokens are taken: those of the repository, and of the branch if one is named.

        Both hosts sign for all of their users with one issuer, so that without it every repository
        of the world would be let in.

        Source: https://docs.cloud.google.com/iam/docs/workload-identity-federation-with-deployment-pipelines
        (not opened); claims of GitHub:
        https://docs.github.com/en/actions/concepts/security/openid-connect (not opened); of GitLab:
        https://docs.gitlab.com/ci/secrets/id_token_authentication/ (not opened)
        """
        name, number = _CLAIMS[self.host]
        terms = [f"assertion.{name} == '{self.repository}'"]
        if self.repository_id:
            terms.append(f"assertion.{number} == '{self.repository_id}'")
        if self.branch != ANY_BRANCH and self.host == "github":
            terms.append(f"assertion.ref == 'refs/heads/{self.branch}'")
        if self.branch != ANY_BRANCH and self.host == "gitlab":
            terms.append(f"assertion.ref_type == 'branch' && assertion.ref == '{self.branch}'")
        return " && ".join(terms)

    def provider(self, pool: WorkloadIdentityPool) -> WorkloadIdentityProvider:
        """The provider of a pool that takes this pipeline's tokens."""
        name, _ = _CLAIMS[self.host]
        return WorkloadIdentityProvider(
            project=pool.project,
            pool_id=pool.pool_id,
            provider_id=self.host,
            issuer=self.issuer,
            mapping={"google.subject": "assertion.sub", f"attribute.{name}": f"assertion.{name}"},
            condition=self.condition,
            display_name={"github": "GitHub", "gitlab": "GitLab"}[self.host],
            description=f"Pipelines of {self.repository}."[:160],
            stack=pool.stack,
        )

    def member(self, pool: WorkloadIdentityPool) -> str:
        """The principal set of the repository, with `{number:PROJECT}` for the project's number.

        Source: https://docs.cloud.google.com/iam/docs/principal-identifiers (2026-11-23)
        """
        name, _ = _CLAIMS[self.host]
        home = pool.name.replace(
            f"projects/{pool.project}/", f"projects/{{number:{pool.project}}}/", 1
        )
        return f"principalSet://iam.googleapis.com/{home}/attribute.{name}/{self.repository}"


_CLAIMS: Final = {
    "github": ("repository", "repository_id"),
    "gitlab": ("project_path", "project_id"),
}
"""The claims of a host's tokens that tell a repository's name and number."""
