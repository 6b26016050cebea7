import type { Identity } from './certificate-authority.ts';

/** How a client proves who it is: a certificate, or a ServiceAccount's token. */
export type Credential = { client: Identity } | { token: string };

/** A kubeconfig with everything inside it, as JSON (which is YAML), so that the file can be carried anywhere. */
export function kubeconfigText(server: string, caPem: string, credential: Credential): string {
  const user =
    'token' in credential
      ? { token: credential.token }
      : {
          'client-certificate-data': base64(credential.client.cert),
          'client-key-data': base64(credential.client.key),
        };
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster: { server, 'certificate-authority-data': base64(caPem) } }],
    users: [{ name: 'user', user }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'user' } }],
    'current-context': 'test',
  };
  return `${JSON.stringify(config, null, 2)}\n`;
}

function base64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}
