"""Every command of kubectl 1.37 with what it prints: a table, run by ``test_every_command.py``.

A row: the words of a call, what it prints (``…`` stands for anything, blanks count as one), and its
exit code if it is not 0. ``-f -`` reads the row's ``given``; ``NS`` stands for the namespace. Rows
of a command stand in the order people would type them and need nothing of others but ``SETUP``.
"""

from typing import NamedTuple


class Row(NamedTuple):
    """One call. A failed one's output is its error text."""

    words: str
    prints: str
    code: int = 0
    given: str = ""


CONFIG = "{apiVersion: v1, kind: ConfigMap, metadata: {name: %s}, data: {a: %s}}"
LABELLED = "{apiVersion: v1, kind: ConfigMap, metadata: {name: %s, labels: {prune: me}}}"
ROLE = (
    "{apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {name: rec, namespace: NS},"
    " rules: [{verbs: [list], apiGroups: [''], resources: [pods]}]}"
)
SIZED = (
    "{apiVersion: v1, kind: Pod, metadata: {name: sized}, spec: {containers: [{name: c, image: "
    "busybox, resources: {requests: {cpu: 111m}, limits: {cpu: 500m}}}]}}"
)
RESIZE = '{"spec":{"containers":[{"name":"c","resources":{"requests":{"cpu":"%s"}}}]}}'
SETUP = (
    Row("create namespace NS", "namespace/NS created"),
    Row("config set-context --current --namespace=NS", 'Context "…" modified.'),
    Row("create configmap c --from-literal=a=1", "configmap/c created"),
    Row("create deployment web --image=busybox --port=80", "deployment.apps/web created"),
    Row("rollout status deployment/web --timeout=30s", "…successfully rolled out"),
    # On a node that is never drained.
    Row(
        "run box --image=busybox --overrides="
        """'{"spec":{"nodeSelector":{"kubernetes.io/hostname":"node-1"}}}'""",
        "pod/box created",
    ),
    Row("wait --for=condition=Ready pod/box --timeout=30s", "pod/box condition met"),
)
NOT_FOUND = 'Error from server (NotFound): configmaps "none" not found'
COMMANDS: dict[str, tuple[Row, ...]] = {
    "create": (
        Row("create secret generic s --from-literal=a=1", "secret/s created"),
        Row("create secret docker-registry d --docker-username=u --docker-password=p",
            "secret/d created"),
        Row("create role r --verb=get --resource=pods", "role.rbac.authorization.k8s.io/r created"),
        Row("create clusterrole NS --verb=get --resource=pods",
            "clusterrole.rbac.authorization.k8s.io/NS created"),
        Row("create rolebinding rb --role=r --user=u",
            "rolebinding.rbac.authorization.k8s.io/rb created"),
        Row("create clusterrolebinding NS --clusterrole=NS --user=u",
            "clusterrolebinding.rbac.authorization.k8s.io/NS created"),
        Row("create deployment made --image=busybox --replicas=2", "deployment.apps/made created"),
        Row("create cronjob cj --image=busybox --schedule='*/5 * * * *' -- date",
            "cronjob.batch/cj created"),
        Row("create job j --from=cronjob/cj", "job.batch/j created"),
        Row("create ingress i --rule=a.example/x=web:80", "ingress.networking.k8s.io/i created"),
        Row("create poddisruptionbudget made --selector=app=made --min-available=1",
            "poddisruptionbudget.policy/made created"),
        Row("create priorityclass NS --value=5", "priorityclass.scheduling.k8s.io/NS created"),
        Row("create quota q --hard=pods=100", "resourcequota/q created"),
        Row("create service clusterip ip --tcp=80", "service/ip created"),
        Row("create service nodeport np --tcp=80", "service/np created"),
        Row("create service loadbalancer lb --tcp=80", "service/lb created"),
        Row("create service externalname en --external-name=a.example", "service/en created"),
        Row("create serviceaccount sa", "serviceaccount/sa created"),
        Row("create token sa --duration=10m", "….….…"),
        Row("create -f -", "configmap/k created", given=CONFIG % ("k", "b")),
        Row("create -f -", 'Error from server (AlreadyExists): error when creating "STDIN": '
            'configmaps "k" already exists', 1, CONFIG % ("k", "b")),
        Row("create -f -", 'Error from server (BadRequest): error when creating "STDIN": ConfigMap '
            'in version "v1" cannot be handled as a ConfigMap: json: cannot unmarshal number into '
            "Go struct field ConfigMap.data of type string", 1, CONFIG % ("k2", "5")),
        Row("create configmap dry --dry-run=server -o name", "configmap/dry"),
        Row("create namespace default",
            'Error from server (AlreadyExists): namespaces "default" already exists', 1),
    ),
    "expose": (
        Row("expose deployment web --port=80 --name=front", "service/front exposed"),
        Row("expose deployment web --port=80 --name=front",
            'Error from server (AlreadyExists): services "front" already exists', 1),
        Row("get service front -o jsonpath={.spec.selector.app}", "web"),
        Row("expose pod box --port=90", "service/box exposed"),
    ),
    "run": (
        Row("run one --image=busybox --restart=Never --env=A=b --labels=x=y", "pod/one created"),
        Row("get pod one -o jsonpath={.spec.restartPolicy},{.spec.containers[0].env[0].value},"
            "{.metadata.labels.x}", "Never,b,y"),
        Row("run dry --image=busybox --dry-run=client -o name", "pod/dry"),
        Row("run Bad --image=busybox", 'The Pod "Bad" is invalid: * metadata.name: Invalid value: '
            '"Bad": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric '
            "characters…* spec.containers[0].name: Invalid value…", 1),
    ),
    "set": (
        Row("create deployment set --image=busybox --port=80", "deployment.apps/set created"),
        Row("set image deployment/set busybox=busybox:2", "deployment.apps/set image updated"),
        Row("set env deployment/set A=b", "deployment.apps/set env updated"),
        Row("set env deployment/set --list", "# Deployment set, container busybox A=b"),
        Row("set resources deployment/set --requests=cpu=10m",
            "deployment.apps/set resource requirements updated"),
        Row("set serviceaccount deployment/set default",
            "deployment.apps/set serviceaccount updated"),
        Row("create rolebinding set --clusterrole=view --user=u",
            "rolebinding.rbac.authorization.k8s.io/set created"),
        Row("set subject rolebinding set --user=v",
            "rolebinding.rbac.authorization.k8s.io/set subjects updated"),
        Row("expose deployment set --port=80", "service/set exposed"),
        Row("set selector service set a=b", "service/set selector updated"),
        Row("get service set -o jsonpath={.spec.selector}", '{"a":"b"}'),
    ),
    "explain": (
        Row("explain configmap.data", "KIND: ConfigMap VERSION: v1 FIELD: data <map[string]string> "
            "DESCRIPTION: Data contains the configuration data.…"),
        Row("explain deployment.spec.strategy --output=plaintext-openapiv2",
            "KIND: Deployment VERSION: apps/v1 RESOURCE: strategy <Object>…"),
        Row("explain configmap.none", '…error: field "none" does not exist', 1),
        Row("explain pods --api-version=v2",
            'error: couldn\'t find resource for "/v2, Resource=pods"', 1),
    ),
    "get": (
        Row("get configmap c", "NAME DATA AGE c 1 …"),
        Row("get configmap c -o name", "configmap/c"),
        Row("get configmap c -o json", '{ "apiVersion": "v1", "data": { "a": "1" }, "kind":…'),
        Row("get configmap c -o yaml", 'apiVersion: v1 data: a: "1" kind: ConfigMap metadata:…'),
        Row("get configmap c -o kyaml", '--- { apiVersion: "v1", data: { a: "1", }, kind:…'),
        Row("get configmap c -o jsonpath={.data.a}", "1"),
        Row("get configmap c -o go-template='{{.data.a}}'", "1"),
        Row("get configmap c -o custom-columns=NAME:.metadata.name,A:.data.a", "NAME A c 1"),
        Row("get configmap c -o yaml --show-managed-fields",
            "…managedFields: - apiVersion: v1 fieldsType: FieldsV1 fieldsV1: f:data: .: {} f:a: {} "
            "manager: kubectl-create operation: Update time:…"),
        Row("get configmap c --no-headers --show-labels", "c 1 … <none>"),
        Row("get pod box -o wide", "NAME READY STATUS RESTARTS AGE IP NODE NOMINATED NODE "
            "READINESS GATES box 1/1 Running 0 … node-… <none> <none>"),
        Row("get pods -l run=box -o name", "pod/box"),
        Row("get pods -l 'run in (box,other),app!=web' -o name", "pod/box"),
        Row("get pods --field-selector=metadata.name=box,status.phase=Running -o name", "pod/box"),
        Row("get configmaps --sort-by=.metadata.name --chunk-size=1 -o name",
            "configmap/c…configmap/kube-root-ca.crt"),
        Row("get pod/box configmap/c -o name", "pod/box configmap/c"),
        Row("get namespace NS -L kubernetes.io/metadata.name", "NAME STATUS AGE METADATA.NAME NS "
            "Active … NS"),
        Row("get --raw /readyz", "ok"),
        Row("get configmap c none", "NAME DATA AGE c 1 … " + NOT_FOUND, 1),
        Row("get configmap none --ignore-not-found", ""),
        Row("get nothing", 'error: the server doesn\'t have a resource type "nothing"', 1),
        Row("get configmaps --field-selector=a=b", "Error from server (BadRequest): Unable to find "
            '"/v1, Resource=configmaps" that match label selector "", field selector "a=b": "a" is '
            'not a known field selector: only "metadata.name", "metadata.namespace"', 1),
        Row("get pods -l 'a in (b'", "Error from server (BadRequest): Unable to find "
            '"/v1, Resource=pods" that match label selector "a in (b", field selector "": unable '
            "to parse requirement: found '', expected: ',' or ')'", 1),
        Row("get pods --as=jane", 'Error from server (Forbidden): pods is forbidden: User "jane" '
            'cannot list resource "pods" in API group "" in the namespace "NS"', 1),
    ),
    "edit": (
        Row("create configmap edited --from-literal=a=before", "configmap/edited created"),
        Row("edit configmap edited", "configmap/edited edited"),
        Row("get configmap edited -o jsonpath={.data.a}", "after"),
        Row("edit configmap edited", "Edit cancelled, no changes made."),
        Row("create -f -", "pod/editable created", given=SIZED.replace("sized", "editable")),
        Row("edit pod editable --subresource=resize", "pod/editable edited"),
        Row("get pod editable -o jsonpath={.spec.containers[0].resources.requests.cpu}", "222m"),
    ),
    "delete": (
        Row("create configmap gone --from-literal=a=1", "configmap/gone created"),
        Row("delete configmap gone --dry-run=server",
            'configmap "gone" deleted from NS namespace (server dry run)'),
        Row("delete configmap gone", 'configmap "gone" deleted from NS namespace'),
        Row("delete configmap none", NOT_FOUND, 1),
        Row("delete configmap none --ignore-not-found", ""),
        Row("delete pods -l app=none", "No resources found"),
        Row("run short --image=busybox", "pod/short created"),
        Row("delete pod short --now", 'pod "short" deleted from NS namespace'),
        Row("delete namespace default", 'Error from server (Forbidden): namespaces "default" is '
            "forbidden: this namespace may not be deleted", 1),
    ),
    "rollout": (
        Row("create deployment roll --image=busybox", "deployment.apps/roll created"),
        Row("rollout status deployment/roll --timeout=30s",
            '…deployment "roll" successfully rolled out'),
        Row("rollout history deployment/roll",
            "deployment.apps/roll REVISION CHANGE-CAUSE 1 <none>"),
        Row("rollout restart deployment/roll", "deployment.apps/roll restarted"),
        Row("rollout status deployment/roll --timeout=30s", "…successfully rolled out"),
        Row("rollout pause deployment/roll", "deployment.apps/roll paused"),
        Row("rollout pause deployment/roll",
            'error: deployments.apps "roll" is already paused', 1),
        Row("rollout resume deployment/roll", "deployment.apps/roll resumed"),
        Row("rollout history deployment/roll --revision=2",
            "deployment.apps/roll with revision #2 Pod Template: Labels: app=roll…"),
        Row("rollout undo deployment/roll", "deployment.apps/roll rolled back"),
        Row("rollout status deployment/roll --timeout=30s", "…successfully rolled out"),
        Row("rollout history deployment/roll",
            "deployment.apps/roll REVISION CHANGE-CAUSE 2 <none> 3 <none>"),
        Row("rollout status deployment/none",
            'Error from server (NotFound): deployments.apps "none" not found', 1),
    ),
    "scale": (
        Row("create deployment scaled --image=busybox", "deployment.apps/scaled created"),
        Row("scale deployment/scaled --replicas=3", "deployment.apps/scaled scaled"),
        Row("scale deployment/scaled --current-replicas=9 --replicas=1",
            "error: Expected replicas to be 9, was 3", 1),
        Row("scale replicaset/none --replicas=3",
            'Error from server (NotFound): replicasets.apps "none" not found', 1),
        Row("wait deployment/scaled --for=jsonpath={.status.readyReplicas}=3 --timeout=30s",
            "deployment.apps/scaled condition met"),
    ),
    "autoscale": (
        Row("autoscale deployment/web --min=1 --max=3 --cpu=50%",
            "horizontalpodautoscaler.autoscaling/web autoscaled"),
        Row("get hpa", "NAME REFERENCE TARGETS MINPODS MAXPODS REPLICAS AGE web Deployment/web "
            "cpu: <unknown>/50% 1 3 0 …"),
    ),
    "certificate": (
        Row("certificate approve none", "Error from server (NotFound): "
            'certificatesigningrequests.certificates.k8s.io "none" not found', 1),
        Row("certificate deny none", "Error from server (NotFound): "
            'certificatesigningrequests.certificates.k8s.io "none" not found', 1),
    ),
    "cluster-info": (
        Row("cluster-info", "Kubernetes control plane is running at https://127.0.0.1:… CoreDNS is "
            "running at https://127.0.0.1:…/services/kube-dns:dns/proxy…"),
        Row("cluster-info dump --namespaces=NS",
            '{ "kind": "NodeList", "apiVersion": "v1",…"name": "node-1",…{ "kind": "PodList",…'
            '"name": "box",…==== START logs for container box of pod NS/box ====…'),
    ),
    "top": (
        Row("top node", "error: Metrics API not available", 1),
        Row("top pod", "error: Metrics API not available", 1),
    ),
    "cordon": (
        Row("cordon node-2", "node/node-2 cordoned"),
        Row("cordon node-2", "node/node-2 already cordoned"),
        Row("get node node-2 --no-headers", "node-2 Ready,SchedulingDisabled <none> … v1.37.0"),
        Row("uncordon node-2", "node/node-2 uncordoned"),
    ),
    "drain": (
        Row("create deployment moved --image=busybox --replicas=4",
            "deployment.apps/moved created"),
        Row("rollout status deployment/moved --timeout=30s", "…successfully rolled out"),
        Row("run alone --image=busybox --overrides='{\"spec\":{\"nodeName\":\"node-2\"}}'",
            "pod/alone created"),
        Row("drain node-2 --grace-period=1", 'node/node-2 cordoned error: unable to drain node '
            '"node-2" due to error: cannot delete Pods that declare no controller (use --force to '
            "override): …NS/alone…, continuing command... There are pending nodes to be drained: "
            "node-2 cannot delete Pods that declare no controller (use --force to override): …"
            "NS/alone…", 1),
        Row("drain node-2 --force --grace-period=1 --timeout=40s",
            "node/node-2 already cordoned…evicting pod NS/alone…node/node-2 drained "
            "Warning: deleting Pods that declare no controller: …NS/alone…"),
        Row("get pods --field-selector=spec.nodeName=node-2 -o name", ""),
        Row("uncordon node-2", "node/node-2 uncordoned"),
    ),
    "uncordon": (
        Row("cordon node-2", "node/node-2 cordoned"),
        Row("uncordon node-2", "node/node-2 uncordoned"),
        Row("uncordon node-2", "node/node-2 already uncordoned"),
    ),
    "taint": (
        Row("taint node node-2 a=b:NoSchedule", "node/node-2 tainted"),
        Row("taint node node-2 a=b:NoSchedule", "error: node node-2 already has a taint(s) with "
            "same effect(s) and --overwrite is false", 1),
        Row("taint node node-2 a=c:NoSchedule --overwrite", "node/node-2 modified"),
        Row("taint node node-2 a-", "node/node-2 untainted"),
        Row("taint node node-2 a-", 'error: taint "a" not found', 1),
    ),
    "describe": (
        Row("describe configmap c",
            "Name: c Namespace: NS Labels: <none> Annotations: <none> Data ==== a: ---- 1…"),
        Row("describe pod box", "Name: box Namespace: NS Priority: 0 Service Account: default "
            "Node: node-…Status: Running…Conditions:…Ready True…QoS Class: "
            "BestEffort…Events:…Normal Scheduled … default-scheduler Successfully assigned NS/box "
            "to node-…Started container box"),
        Row("describe deployment web", "Name: web Namespace: NS…Replicas: 1 desired | 1 updated | "
            "1 total | 1 available | 0 unavailable StrategyType: RollingUpdate…NewReplicaSet: web-…"
            "ScalingReplicaSet…"),
        Row("describe node node-1", "Name: node-1 Roles: <none>…Conditions:…Ready True…"
            "KubeletReady…Capacity:…Allocatable:…Non-terminated Pods:…Allocated resources:…"),
        Row("describe namespace NS",
            "Name: NS Labels: kubernetes.io/metadata.name=NS…Status: Active…"),
        Row("describe configmap none", NOT_FOUND, 1),
    ),
    "logs": (
        Row("logs box", ""),
        Row("logs none", 'error: error from server (NotFound): pods "none" not found in namespace '
            '"NS"', 1),
    ),
    "exec": (
        Row("exec none -- ls", 'Error from server (NotFound): pods "none" not found', 1),
    ),
    "port-forward": (
        Row("port-forward service/none 80",
            'Error from server (NotFound): services "none" not found', 1),
    ),
    "debug": (
        Row("debug box --image=busybox --attach=false -c look", ""),
        Row("get pod box -o jsonpath={.spec.ephemeralContainers[0].name}", "look"),
        Row("debug node/node-1 --image=busybox --attach=false",
            "Creating debugging pod node-debugger-node-1-… with container debugger on node "
            "node-1."),
    ),
    "auth": (
        Row("auth can-i get pods", "yes"),
        Row("auth can-i get pods --as=jane", "no", 1),
        Row("auth can-i --list", "Resources Non-Resource URLs Resource Names Verbs *.* [] [] [*]…"),
        Row("auth whoami", "ATTRIBUTE VALUE Username kubernetes-admin Groups [system:masters "
            "system:authenticated]…"),
        Row("auth reconcile -f -", "role.rbac.authorization.k8s.io/rec reconciled reconciliation "
            "required create missing rules added: {Verbs:[list] APIGroups:[] Resources:[pods] "
            "ResourceNames:[] NonResourceURLs:[]}", given=ROLE),
        Row("auth reconcile -f -", "role.rbac.authorization.k8s.io/rec reconciled", given=ROLE),
    ),
    "events": (
        Row("events --for pod/box", "LAST SEEN TYPE REASON OBJECT MESSAGE…Normal Scheduled Pod/box "
            "Successfully assigned NS/box to node-…"),
        Row("events --for pod/box --types=Warning", "No events found in NS namespace."),
        Row("events -A -o json", '{ "kind": "EventList", "apiVersion": "v1",…'),
    ),
    "diff": (
        Row("create -f -", "configmap/diffed created", given=CONFIG % ("diffed", "b")),
        Row("diff -f -", "", given=CONFIG % ("diffed", "b")),
        Row("diff -f -", "diff -u -N …/v1.ConfigMap.NS.diffed …- a: b + a: c kind: ConfigMap…", 1,
            CONFIG % ("diffed", "c")),
    ),
    "apply": (
        Row("apply -f -", "configmap/p1 created…configmap/p2 created",
            given=f"{LABELLED % 'p1'}\n---\n{LABELLED % 'p2'}"),
        Row("apply --prune -l prune=me -f -", "configmap/p1 unchanged…configmap/p2 pruned…",
            given=LABELLED % "p1"),
        Row("apply -f -", "configmap/ap created", given=CONFIG % ("ap", "b")),
        Row("apply -f -", "configmap/ap unchanged", given=CONFIG % ("ap", "b")),
        Row("apply -f -", "configmap/ap configured", given=CONFIG % ("ap", "c")),
        Row("apply --dry-run=server -f -", "configmap/ap configured (server dry run)",
            given=CONFIG % ("ap", "d")),
        Row("apply view-last-applied configmap ap", "apiVersion: v1 data: a: c kind: ConfigMap "
            "metadata: annotations: {} name: ap namespace: NS"),
        Row("apply set-last-applied -f -", "configmap/ap configured", given=CONFIG % ("ap", "e")),
        Row("apply --server-side -f -", 'error: Apply failed with 1 conflict: conflict with '
            '"kubectl-client-side-apply" using v1: .data.a…', 1, CONFIG % ("ap", "f")),
        Row("apply --server-side --force-conflicts -f -", "configmap/ap serverside-applied",
            given=CONFIG % ("ap", "f")),
    ),
    "patch": (
        Row("create configmap pa --from-literal=a=1", "configmap/pa created"),
        Row("""patch configmap pa -p '{"data":{"b":"2"}}'""", "configmap/pa patched"),
        Row("""patch configmap pa -p '{"data":{"b":"2"}}'""", "configmap/pa patched (no change)"),
        Row("""patch configmap pa --type=merge -p '{"data":{"b":null}}'""", "configmap/pa patched"),
        Row("""patch configmap pa --type=json -p '[{"op":"add","path":"/data/c","value":"3"}]'""",
            "configmap/pa patched"),
        Row("get configmap pa -o jsonpath={.data}", '{"a":"1","c":"3"}'),
        Row("""patch configmap pa --type=json -p '[{"op":"test","path":"/data/c","value":"x"}]'""",
            "The request is invalid: the server rejected our request due to an error in our "
            "request…", 1),
        Row("""patch deployment web --subresource=scale -p '{"spec":{"replicas":1}}'""",
            "scale.autoscaling/web patched (no change)"),
        Row("create -f -", "pod/sized created", given=SIZED),
        Row("wait --for=condition=Ready pod/sized --timeout=30s", "pod/sized condition met"),
        Row(f"patch pod sized --subresource=resize -p '{RESIZE % '300m'}'", "pod/sized patched"),
        Row("wait --for=jsonpath={.status.containerStatuses[0].resources.requests.cpu}=300m"
            " pod/sized --timeout=30s", "pod/sized condition met"),
        Row("get pod sized -o jsonpath={.status.containerStatuses[0].restartCount}", "0"),
        Row(f"patch pod sized --subresource=resize -p '{RESIZE % '1'}'",
            'The Pod "sized" is invalid: spec.containers[0].resources.requests: Invalid value: "1":'
            " must be less than or equal to cpu limit of 500m", 1),
        Row(f"patch pod sized -p '{RESIZE % '200m'}'", 'The Pod "sized" is invalid: spec: '
            "Forbidden: pod updates may not change fields other than …", 1),
        Row("patch pod box --subresource=resize -p '" + RESIZE.replace('"c"', '"box"') % "1m" + "'",
            'The Pod "box" is invalid: spec: Invalid value: "BestEffort": Pod QOS Class may not '
            "change as a result of resizing", 1),
    ),
    "replace": (
        Row("create -f -", "configmap/re created", given=CONFIG % ("re", "b")),
        Row("replace -f -", "configmap/re replaced", given=CONFIG % ("re", "c")),
        Row("replace --force -f -",
            'configmap "re" deleted from NS namespace configmap/re replaced',
            given=CONFIG % ("re", "d")),
        Row("replace -f -", 'Error from server (NotFound): error when replacing "STDIN": '
            'configmaps "none" not found', 1, CONFIG % ("none", "d")),
    ),
    "wait": (
        Row("wait --for=create configmap/c", "configmap/c condition met"),
        Row("wait --for=delete configmap/none", ""),
        Row("wait --for=jsonpath={.data.a}=1 configmap/c", "configmap/c condition met"),
        Row("wait --for=condition=Available deployment/web", "deployment.apps/web condition met"),
        Row("wait --for=jsonpath={.data.a}=2 configmap/c --timeout=100ms",
            "error: timed out waiting for the condition on configmaps/c", 1),
    ),
    "label": (
        Row("create configmap la --from-literal=a=1", "configmap/la created"),
        Row("label configmap la a=b", "configmap/la labeled"),
        Row("label configmap la a=b", "configmap/la not labeled"),
        Row("label configmap la a=c",
            "error: 'a' already has a value (b), and --overwrite is false", 1),
        Row("label configmap la a=c --overwrite", "configmap/la labeled"),
        Row("label configmap la --list", "a=c"),
        Row("label configmap la a-", "configmap/la unlabeled"),
    ),
    "annotate": (
        Row("create configmap an --from-literal=a=1", "configmap/an created"),
        Row("annotate configmap an a=b", "configmap/an annotated"),
        Row("annotate configmap an a=c", "error: --overwrite is false but found the following "
            "declared annotation(s): 'a' already has a value (b)", 1),
        Row("annotate configmap an --list", "a=b"),
        Row("annotate configmap an a-", "configmap/an annotated"),
    ),
    "api-resources": (
        Row("api-resources --api-group=apps", "NAME SHORTNAMES APIVERSION NAMESPACED KIND "
            "controllerrevisions apps/v1 true ControllerRevision daemonsets ds apps/v1 true "
            "DaemonSet deployments deploy apps/v1 true Deployment replicasets rs apps/v1 true "
            "ReplicaSet statefulsets sts apps/v1 true StatefulSet"),
        Row("api-resources --namespaced=false --api-group='' -o name",
            "componentstatuses namespaces nodes persistentvolumes"),
    ),
    "api-versions": (
        Row("api-versions", "admissionregistration.k8s.io/v1 apiextensions.k8s.io/v1 "
            "apiregistration.k8s.io/v1 apps/v1…storagemigration.k8s.io/v1 v1"),
    ),
    "config": (
        Row("config current-context", "…"),
        Row("config get-clusters", "NAME …"),
        Row("config view --minify -o jsonpath={.contexts[0].context.namespace}", "NS"),
        Row("config use-context none", 'error: no context exists with the name: "none"', 1),
    ),
    "version": (
        Row("version", "Client Version: v1.37.… Kustomize Version: v… Server Version: v1.37.…"),
    ),
}  # fmt: skip
# Commands that need real containers or a terminal, or never meet the cluster.
ELSEWHERE = {
    "attach": "test_streaming.py",
    "cp": "test_streaming.py",
    "exec": "test_streaming.py",
    "port-forward": "test_streaming.py",
    "logs": "test_kubectl.py",
    "debug": "test_streaming.py",
    "certificate": "test_group_kinds.py",
}
NOT_THE_CLUSTERS = frozenset({"completion", "kuberc", "plugin"})
