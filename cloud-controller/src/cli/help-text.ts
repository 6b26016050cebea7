/** What `--help` prints, by command. */
export const HELP = {
  yurtlb: `Usage: yurtlb COMMAND [OPTION...]

LoadBalancer addresses for OpenYurt node pools.

Commands:
  controller        give Services addresses in each NodePool (runs in the cloud)
  speaker           answer for the addresses of this node's NodePool (runs at the edge)
  validate FILE...  check address configuration before it is applied
  plan -f FILE...   which addresses Services would get, and why not, without or with a cluster
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

  plan: `Usage: yurtlb plan -f FILE... [-o json]
       yurtlb plan --cluster [-f FILE...] [-o json]

Prints which addresses Services would get, from manifests alone or from what a cluster holds. The
controller's own rules decide. Nothing is written anywhere.

  yurtlb plan -f pools.yaml -f services/     the files are the whole cluster: Services, NodePools,
                                             address ConfigMaps, and Nodes where there are any
  yurtlb plan --cluster                      what the controller would find there now
  yurtlb plan --cluster -f change.yaml       what would change there if the file were applied
  kubectl kustomize . | yurtlb plan -f -     from standard input

STATE: has (in force), keeps (and the change leaves it), would get, moves, loses, waiting, not ours.
REASON is that of the Service's condition and Events. What was read, and what is wrong with the
address configuration, goes to standard error.

Exit code: 0 all Services of ours are served, 1 something waits, is refused or the input is bad,
2 wrong usage or an unreadable file.

Options:
  -f, --filename FILE        YAML or JSON, a folder of such files, or - ; may be given often
      --cluster              read the cluster too, as the kubeconfig's current context names it
      --kubeconfig FILE      read this one's cluster (default: $KUBECONFIG, ~/.kube/config, or the
                             Pod's service account)
  -n, --namespace NAMESPACE  of objects that name none (default: the current context's, or default)
      --all                  with --cluster and -f: Services too that nothing changes for
  -o, --output json          all of it, as JSON
      --classless            as the controller's flag: Services without loadBalancerClass are ours
      --loadbalancerset MODE as the controller's flag: auto, on or off (default auto)
      --system-namespace NAME  where the controller reads ConfigMaps (default yurtlb-system)
  -h, --help                 print this`,

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

  export: `Usage: yurtlb export [-n NAMESPACE | -A] [-o yaml|patch] [--kubeconfig FILE | -f FILE...]

Prints which addresses Services have in each NodePool, from the cluster or from a dump of it. A
Service that carries them as annotations gets the same ones again wherever it is created without
its status: from Git, or from a backup. Entries that others wrote are left out and named on
standard error.

  yurtlb export -A                 a table; PINNED: the Service asks for just these already
  yurtlb export -A -o patch | sh   annotates the Services now: a kubectl line for each
  yurtlb export -n shop -o yaml    a patch for the manifests in Git ("patches" of a kustomization)
  yurtlb export -f dump.yaml       of what "kubectl get services,nodepools -A -o yaml" printed

It reads alone: the verb list on services, poolservices.network.openyurt.io and
nodepools.apps.openyurt.io is enough.

Exit code: 0, or 1 where the cluster does not answer or refuses, or a file holds no manifests,
2 wrong usage or an unreadable file.

Options:
  -A, --all-namespaces      Services of all namespaces
  -n, --namespace NAMESPACE of this one (default: the current context's)
  -o, --output yaml|patch   a patch for manifests, or lines for a shell (default: a table)
      --kubeconfig FILE     default: $KUBECONFIG, ~/.kube/config, or the Pod's service account
  -f, --filename FILE       a dump of Services, NodePools and PoolServices instead of the cluster:
                            YAML or JSON, a folder of such files, or - ; may be given often
  -h, --help                print this`,
} as const;
