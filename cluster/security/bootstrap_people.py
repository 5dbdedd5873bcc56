"""Default roles of people and of everyone: cluster-admin, admin, edit, view, discovery.

Source: docs "Using RBAC Authorization", user-facing and discovery roles. ``view`` reads no
secrets; ``edit`` may write but not touch RBAC; ``admin`` may. They are aggregated by label, so a
custom resource's own role joins them. Must not know bindings.
"""

from cluster.api.types import Object
from cluster.security.policy_objects import cluster_role, rule, url_rule

_TO = "rbac.authorization.k8s.io/aggregate-to-"
READ = "get list watch"
WRITE = "create delete deletecollection patch update"

_WORKLOADS = (
    "daemonsets daemonsets/status deployments deployments/scale deployments/status replicasets "
    "replicasets/scale replicasets/status statefulsets statefulsets/scale statefulsets/status "
    "controllerrevisions"
)
_CORE_VIEW = (
    "configmaps endpoints persistentvolumeclaims persistentvolumeclaims/status pods pods/log "
    "pods/status replicationcontrollers replicationcontrollers/scale "
    "replicationcontrollers/status serviceaccounts services services/status bindings events "
    "limitranges namespaces namespaces/status resourcequotas resourcequotas/status"
)
_CORE_EDIT = (
    "configmaps events persistentvolumeclaims pods replicationcontrollers "
    "replicationcontrollers/scale secrets serviceaccounts services"
)
_NETWORK = "ingresses networkpolicies"
# A group that is served no more; Kubernetes' roles still name it.
_OLD = (
    "daemonsets deployments deployments/scale ingresses networkpolicies replicasets "
    "replicasets/scale replicationcontrollers/scale"
)

_VIEW = cluster_role(
    "system:aggregate-to-view",
    rule("core", _CORE_VIEW, READ),
    rule("apps", _WORKLOADS, READ),
    rule("autoscaling", "horizontalpodautoscalers horizontalpodautoscalers/status", READ),
    rule("batch", "cronjobs cronjobs/status jobs jobs/status", READ),
    rule("discovery.k8s.io", "endpointslices", READ),
    rule(
        "extensions",
        f"{_OLD} daemonsets/status deployments/status ingresses/status replicasets/status",
        READ,
    ),
    rule("networking.k8s.io", f"{_NETWORK} ingresses/status", READ),
    rule("policy", "poddisruptionbudgets poddisruptionbudgets/status", READ),
    rule("resource.k8s.io", "resourceclaims resourceclaims/status resourceclaimtemplates", READ),
    labels={f"{_TO}view": "true"},
)
_EDIT = cluster_role(
    "system:aggregate-to-edit",
    rule("core", "pods/attach pods/exec pods/portforward pods/proxy services/proxy", READ),
    rule("core", "secrets", READ),
    rule("core", "serviceaccounts", "impersonate"),
    rule("core", _CORE_EDIT, WRITE),
    rule("core", "pods/attach pods/exec pods/portforward pods/proxy services/proxy", WRITE),
    rule("core", "pods/eviction serviceaccounts/token", "create"),
    rule(
        "apps",
        "daemonsets deployments deployments/rollback deployments/scale replicasets "
        "replicasets/scale statefulsets statefulsets/scale",
        WRITE,
    ),
    rule("extensions", f"{_OLD} deployments/rollback", WRITE),
    rule("autoscaling", "horizontalpodautoscalers", WRITE),
    rule("batch", "cronjobs jobs", WRITE),
    rule("networking.k8s.io", _NETWORK, WRITE),
    rule("policy", "poddisruptionbudgets", WRITE),
    rule("resource.k8s.io", "resourceclaims resourceclaimtemplates", WRITE),
    rule("coordination.k8s.io", "leases", f"{READ} {WRITE}"),
    labels={f"{_TO}edit": "true"},
)
_ADMIN = cluster_role(
    "system:aggregate-to-admin",
    rule("authorization.k8s.io", "localsubjectaccessreviews", "create"),
    rule("rbac.authorization.k8s.io", "roles rolebindings", f"{READ} {WRITE}"),
    labels={f"{_TO}admin": "true"},
)

PEOPLE_ROLES: tuple[Object, ...] = (
    cluster_role("cluster-admin", rule("*", "*", "*"), url_rule("*", "*")),
    cluster_role("admin", collects=f"{_TO}admin"),
    cluster_role("edit", labels={f"{_TO}admin": "true"}, collects=f"{_TO}edit"),
    cluster_role("view", labels={f"{_TO}edit": "true"}, collects=f"{_TO}view"),
    _ADMIN,
    _EDIT,
    _VIEW,
    cluster_role(
        "system:discovery",
        url_rule(
            "get", "/api", "/api/*", "/apis", "/apis/*", "/healthz", "/livez", "/openapi",
            "/openapi/*", "/readyz", "/version", "/version/",
        ),
    ),
    cluster_role(
        "system:public-info-viewer",
        url_rule("get", "/healthz", "/livez", "/readyz", "/version", "/version/"),
    ),
    cluster_role(
        "system:basic-user",
        rule("authorization.k8s.io", "selfsubjectaccessreviews selfsubjectrulesreviews", "create"),
        rule("authentication.k8s.io", "selfsubjectreviews", "create"),
    ),
    cluster_role(
        "system:service-account-issuer-discovery",
        url_rule("get", "/.well-known/openid-configuration", "/.well-known/openid-configuration/",
                 "/openid/v1/jwks", "/openid/v1/jwks/"),
    ),
    cluster_role("system:monitoring", url_rule("get", "/healthz", "/healthz/*", "/livez",
                                               "/livez/*", "/metrics", "/metrics/slis", "/readyz",
                                               "/readyz/*")),
    # Of this project: the live page, and what may be broken with it.
    cluster_role("steersman:ui", url_rule("get", "/ui", "/ui/*")),
    cluster_role("steersman:ui-chaos", url_rule("post", "/ui/chaos")),
    cluster_role(
        "system:auth-delegator",
        rule("authentication.k8s.io", "tokenreviews", "create"),
        rule("authorization.k8s.io", "subjectaccessreviews", "create"),
    ),
)  # fmt: skip
