"""A pod's /etc/hosts, /etc/resolv.conf and hostname. Pure.

Must not know: where the files go. Source: Kubernetes docs, "DNS for Services and Pods", "Adding
entries to Pod /etc/hosts".
"""

from actors.kubelet import pod_spec
from cluster.api.types import Object
from cluster.settings import NetworkSettings

HOSTNAME_MAX = 63
# The C library's bounds (resolv.conf(5)); Kubernetes validates the same.
NAMESERVERS_MAX = 3
SEARCHES_MAX = 32


def hostname(pod: Object) -> str:
    """``spec.hostname``, or the pod's name cut to the kernel's bound."""
    given = pod["spec"].get("hostname")
    name = str(given or pod["metadata"]["name"])[:HOSTNAME_MAX]
    return name.rstrip("-.")


def domain(pod: Object, cluster_domain: str) -> str:
    """The pod's DNS domain if it has a subdomain, else ''."""
    subdomain = pod["spec"].get("subdomain")
    if not subdomain:
        return ""
    return f"{subdomain}.{pod['metadata']['namespace']}.svc.{cluster_domain}"


def hosts_file(pod: Object, address: str, cluster_domain: str) -> str:
    """Loopback names, the pod's own name, host aliases."""
    lines = [
        "# Kubernetes-managed hosts file.",
        "127.0.0.1\tlocalhost",
        "::1\tlocalhost ip6-localhost ip6-loopback",
        "fe00::0\tip6-localnet",
        "fe00::0\tip6-mcastprefix",
        "fe00::1\tip6-allnodes",
        "fe00::2\tip6-allrouters",
    ]
    name = hostname(pod)
    full = domain(pod, cluster_domain)
    if address:
        lines.append(f"{address}\t{name}.{full}\t{name}" if full else f"{address}\t{name}")
    aliases = pod["spec"].get("hostAliases") or []
    if aliases:
        lines += ["", "# Entries added by HostAliases."]
    lines += [f"{item['ip']}\t" + "\t".join(item.get("hostnames") or ()) for item in aliases]
    return "\n".join(lines) + "\n"


def resolv_conf(pod: Object, network: NetworkSettings, machine: str) -> str:
    """``machine``: text of the machine's own resolv.conf."""
    policy = pod["spec"].get("dnsPolicy") or "ClusterFirst"
    if policy == "ClusterFirst" and pod_spec.is_host_network(pod):
        policy = "Default"
    servers, searches, options = parse_resolv_conf(machine)
    if policy == "None":
        servers, searches, options = [], [], {}
    elif policy != "Default":
        base = network.cluster_domain
        own = [f"{pod['metadata']['namespace']}.svc.{base}", f"svc.{base}", base]
        servers, searches, options = [network.dns_address], [*own, *searches], {"ndots": "5"}
    config = pod["spec"].get("dnsConfig") or {}
    servers = unique([*servers, *(config.get("nameservers") or ())])[:NAMESERVERS_MAX]
    searches = unique([*searches, *(config.get("searches") or ())])[:SEARCHES_MAX]
    for option in config.get("options") or ():
        options[option["name"]] = option.get("value")
    lines = [f"nameserver {server}" for server in servers]
    if searches:
        lines.append("search " + " ".join(searches))
    if options:
        words = [name if value is None else f"{name}:{value}" for name, value in options.items()]
        lines.append("options " + " ".join(words))
    return "\n".join(lines) + "\n"


def parse_resolv_conf(text: str) -> tuple[list[str], list[str], dict[str, str | None]]:
    """(nameservers, search domains, options)."""
    servers: list[str] = []
    searches: list[str] = []
    options: dict[str, str | None] = {}
    for line in text.splitlines():
        words = line.split()
        if len(words) < 2:
            continue
        if words[0] == "nameserver":
            servers.append(words[1])
        elif words[0] == "search":
            searches = [word for word in words[1:] if word != "."]
        elif words[0] == "options":
            for word in words[1:]:
                name, found, value = word.partition(":")
                options[name] = value if found else None
    return servers, searches, options


def unique(items: list[str]) -> list[str]:
    """Without repetitions, in order."""
    return list(dict.fromkeys(items))
