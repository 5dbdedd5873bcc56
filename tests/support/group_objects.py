"""One right object of each kind of the newer groups, as a person would write it."""

import base64
import datetime
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

Json = dict[str, Any]


def signing_request(common: str = "jane", organization: str = "dev", pem: bool = True) -> str:
    """A PKCS #10 request in base64."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, common),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization),
        ]
    )
    request = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hashes.SHA256())
    form = serialization.Encoding.PEM if pem else serialization.Encoding.DER
    return base64.b64encode(request.public_bytes(form)).decode()


def anchor() -> str:
    """A self-signed certificate in PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "ca")])
    start = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(start)
        .not_valid_after(start + datetime.timedelta(days=3650))
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM).decode()


def group_objects() -> dict[tuple[str, str], Json]:
    """(group, plural) to the object; namespaced ones without a namespace."""
    claim = {"devices": {"requests": [{"name": "gpu", "exactly": {"deviceClassName": "gpu"}}]}}
    subject = {"kind": "Group", "group": {"name": "dev"}}
    rule = {"verbs": ["get"], "apiGroups": ["*"], "resources": ["*"], "clusterScope": True}
    schema = {
        "priorityLevelConfiguration": {"name": "workload-low"},
        "rules": [{"subjects": [subject], "resourceRules": [rule]}],
    }
    level = {
        "type": "Limited",
        "limited": {"limitResponse": {"type": "Queue", "queuing": {}}},
    }
    devices = [{"name": "gpu-0", "attributes": {"model": {"string": "a"}}}]
    resource_slice = {
        "driver": "gpu.example.com",
        "nodeName": "node-1",
        "pool": {"name": "node-1", "generation": 1, "resourceSliceCount": 1},
        "devices": devices,
    }
    return {
        ("certificates.k8s.io", "certificatesigningrequests"): named(
            "jane",
            request=signing_request(),
            signerName="kubernetes.io/kube-apiserver-client",
            usages=["client auth"],
        ),
        ("certificates.k8s.io", "clustertrustbundles"): named("roots", trustBundle=anchor()),
        ("certificates.k8s.io", "podcertificaterequests"): pod_certificate_request(),
        ("flowcontrol.apiserver.k8s.io", "flowschemas"): named("mine", **schema),
        ("flowcontrol.apiserver.k8s.io", "prioritylevelconfigurations"): named("mine", **level),
        ("networking.k8s.io", "ipaddresses"): named(
            "192.0.2.7", parentRef={"resource": "services", "namespace": "default", "name": "a"}
        ),
        ("networking.k8s.io", "networkpolicies"): named(
            "deny", podSelector={}, egress=[{"ports": [{"port": 53}]}]
        ),
        ("networking.k8s.io", "servicecidrs"): named("more", cidrs=["10.200.0.0/24"]),
        ("node.k8s.io", "runtimeclasses"): {
            "metadata": {"name": "gvisor"},
            "handler": "runsc",
            "overhead": {"podFixed": {"cpu": "250m"}},
        },
        ("resource.k8s.io", "deviceclasses"): named(
            "gpu", selectors=[{"cel": {"expression": "device.driver == 'gpu.example.com'"}}]
        ),
        ("resource.k8s.io", "devicetaintrules"): named(
            "broken",
            deviceSelector={"driver": "gpu.example.com"},
            taint={"key": "example.com/broken", "effect": "NoExecute"},
        ),
        ("resource.k8s.io", "resourceclaims"): named("mine", **claim),
        ("resource.k8s.io", "resourceclaimtemplates"): named("mine", spec=claim),
        ("resource.k8s.io", "resourceslices"): named("node-1-gpu", **resource_slice),
        ("storage.k8s.io", "csidrivers"): named("disk.example.com"),
        ("storage.k8s.io", "csinodes"): named(
            "node-1", drivers=[{"name": "disk.example.com", "nodeID": "i-1", "topologyKeys": []}]
        ),
        ("storage.k8s.io", "csistoragecapacities"): {
            "metadata": {"name": "here"},
            "storageClassName": "fast",
            "capacity": "10Gi",
        },
        ("storage.k8s.io", "volumeattachments"): named(
            "a", attacher="disk.example.com", nodeName="node-1",
            source={"persistentVolumeName": "v"},
        ),
        ("storage.k8s.io", "volumeattributesclasses"): {
            "metadata": {"name": "gold"},
            "driverName": "disk.example.com",
            "parameters": {"iops": "3000"},
        },
        ("storagemigration.k8s.io", "storageversionmigrations"): named(
            "secrets", resource={"group": "", "resource": "secrets"}
        ),
    }  # fmt: skip


def named(name: str, **spec: Any) -> Json:
    """An object with a name and a spec."""
    return {"metadata": {"name": name}, "spec": spec}


def pod_certificate_request() -> Json:
    """What a kubelet asks for a pod."""
    return named(
        "web",
        signerName="example.com/pods",
        podName="web",
        podUID="p",
        serviceAccountName="default",
        serviceAccountUID="s",
        nodeName="node-1",
        nodeUID="n",
        stubPKCS10Request=signing_request(pem=False),
    )
