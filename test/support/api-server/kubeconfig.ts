/** A kubeconfig (JSON is YAML) for this server, for kubectl and the programs. */
export function kubeconfigText(server: string, token?: string, caPem?: string): string {
  const ca = caPem === undefined ? {} : { 'certificate-authority-data': Buffer.from(caPem).toString('base64') };
  const name = 'in-process';
  return `${JSON.stringify(
    {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name, cluster: { server, ...ca } }],
      users: [{ name, user: token === undefined ? {} : { token } }],
      contexts: [{ name, context: { cluster: name, user: name, namespace: 'default' } }],
      'current-context': name,
    },
    null,
    2,
  )}\n`;
}
