export type Family = 'IPv4' | 'IPv6';

export function familyOf(ip: string): Family {
  return ip.includes(':') ? 'IPv6' : 'IPv4';
}
