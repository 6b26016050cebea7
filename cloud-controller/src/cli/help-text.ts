/** What `--help` prints, by command. */
export const HELP = {
  yurtlb: `Usage: yurtlb COMMAND [OPTION...]

LoadBalancer addresses for OpenYurt node pools.

Commands:
  controller        give Services addresses in each NodePool (runs in the cloud)
  speaker           answer for the addresses of this node's NodePool (runs at the edge)
  validate FILE...  check address configuration before it is applied
  key               print a new pool key as a Secret manifest
  status            what the speaker on this node knows: cloud, members, addresses
  export            the addresses in force, as annotations that ask for them

Options:
  -h, --help        print this, or with a command that command's help
      --version     print the version`,

  validate: `Usage: yurtlb validate FILE...

Checks NodePools' address configuration: manifests with ConfigMaps, or only the text of
their "config". FILE - is standard input. Nothing is sent anywhere.

Prints "FILE:LINE:COL problem (remedy)" for each problem, or "ok: N pools, M addresses".
Warnings and objects passed over go to standard error.

Exit code: 0 all good, 1 there are problems, 2 wrong usage or an unreadable file.

Options:
  -h, --help        print this`,

  key: `Usage: yurtlb key [--namespace NAMESPACE] [--id ID]
       yurtlb key --rotate [--id ID] < SECRET

Prints a Secret manifest with a new random pool key:
  yurtlb key | kubectl apply -f -

With --rotate: reads that Secret from standard input, and prints it with one key more.
The newest two are kept, so speakers with either can talk to each other:
  kubectl -n yurtlb-system get secret yurtlb-pool-key -o yaml |
    yurtlb key --rotate | kubectl apply -f -

Options:
      --namespace NAMESPACE  where the Secret goes (default yurtlb-system)
      --id ID                the key's id; the one that sorts last is newest (default: the time)
      --rotate               add a key to the Secret on standard input
  -h, --help                 print this`,

  status: `Usage: yurtlb status [--server URL] [-o json]

Asks the speaker on this node, which answers with or without the cloud: since when the cloud
has been away, which members of the NodePool are there, and who announces which address.
With kubectl the same is: kubectl --server http://127.0.0.1:10371 get announcements

Exit code: 0, or 1 where no speaker answers, 2 wrong usage.

Options:
      --server URL  the speaker's health address (default http://127.0.0.1:10372)
  -o, --output json print all that the speaker says, as JSON
  -h, --help        print this`,

  export: `Usage: yurtlb export [-n NAMESPACE | -A] [-o yaml|patch] [--kubeconfig FILE]

Prints which addresses Services have in each NodePool, from the cluster. A Service that carries
them as annotations gets the same ones again wherever it is created without its status: from Git,
or from a backup. Entries that others wrote are left out and named on standard error.

  yurtlb export -A                 a table; PINNED: the Service asks for just these already
  yurtlb export -A -o patch | sh   annotates the Services now: a kubectl line for each
  yurtlb export -n shop -o yaml    a patch for the manifests in Git ("patches" of a kustomization)

It reads alone: the verb list on services, poolservices.network.openyurt.io and
nodepools.apps.openyurt.io is enough.

Exit code: 0, or 1 where the cluster does not answer or refuses, 2 wrong usage.

Options:
  -A, --all-namespaces      Services of all namespaces
  -n, --namespace NAMESPACE of this one (default: the current context's)
  -o, --output yaml|patch   a patch for manifests, or lines for a shell (default: a table)
      --kubeconfig FILE     default: $KUBECONFIG, ~/.kube/config, or the Pod's service account
  -h, --help                print this`,
} as const;
