const WORDS: Readonly<Record<string, string>> = {
  api: 'API',
  cel: 'CEL',
  dn: 'DN',
  hmac: 'HMAC',
  http: 'HTTP',
  id: 'id',
  ip: 'IP',
  ips: 'IP addresses',
  ipv6: 'IPv6',
  jwks: 'JWKS',
  jwt: 'JWT',
  ldap: 'LDAP',
  oauth2: 'OAuth 2',
  re2: 'RE2',
  sla: 'SLA',
  spiffe: 'SPIFFE',
  tls: 'TLS',
  ttl: 'TTL',
  uri: 'URI',
  url: 'URL',
  xml: 'XML',
  json: 'JSON',
};

const UNITS: readonly (readonly [RegExp, string])[] = [
  [/(?:InMilliseconds|InMillis|Millis|Ms)$/, 'ms'],
  [/(?:InSeconds|Seconds)$/, 's'],
  [/(?:InMinutes|Minutes)$/, 'min'],
  [/Bytes$/, 'bytes'],
];
const UNITS_TOLD: readonly (readonly [RegExp, string])[] = [
  [/^Milliseconds\b/, 'ms'],
  [/^Seconds\b/, 's'],
  [/^Minutes\b/, 'min'],
  [/^Bits\b/, 'bits'],
];

export function unitOf(name: string, help: string): string | undefined {
  return UNITS.find(([end]) => end.test(name))?.[1] ?? UNITS_TOLD.find(([begin]) => begin.test(help))?.[1];
}

/** A name of a field for people: `timePeriodInMilliseconds` is "Time period", whose unit stands beside it. */
export function labelOf(name: string): string {
  const bare = UNITS.reduce((text, [end]) => text.replace(end, ''), name) || name;
  const words = bare
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replaceAll(/([A-Z]+)([A-Z][a-z])/g, '$1 $2')
    .split(/[\s_-]+/)
    .map((word) => WORDS[word.toLowerCase()] ?? word.toLowerCase());
  const text = words.join(' ');
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

const NAMES: Readonly<Record<string, string>> = {
  cors: 'CORS',
  'client-id-enforcement': 'Client id enforcement',
  'external-oauth2-access-token-enforcement': 'OAuth 2 access tokens of another server',
  'http-basic-authentication': 'HTTP basic authentication',
  'ip-allowlist': 'IP allowlist',
  'ip-blocklist': 'IP blocklist',
  'json-threat-protection': 'JSON threat protection',
  'jwt-validation': 'JWT validation',
  'ldap-authentication': 'LDAP authentication',
  'oauth2-token-introspection': 'OAuth 2 token introspection',
  'openidconnect-access-token-enforcement': 'OpenID Connect access tokens',
  'rate-limiting-sla': 'Rate limiting by SLA tier',
  'xml-threat-protection': 'XML threat protection',
  'api-key': 'API key',
};

/** A kind of policy for people. */
export function policyLabel(name: string): string {
  return NAMES[name] ?? labelOf(name);
}

const SPANS: readonly (readonly [number, string])[] = [
  [604_800_000, 'week'],
  [86_400_000, 'day'],
  [3_600_000, 'hour'],
  [60_000, 'minute'],
  [1000, 'second'],
  [1, 'millisecond'],
];

/** `1 minute`, `90 seconds`: in the largest unit of which it is a whole number. */
export function spanWords(ms: number): string {
  const [size, word] = SPANS.find(([each]) => ms >= each && ms % each === 0) ?? [1, 'millisecond'];
  const count = ms / size;
  return `${count.toLocaleString('en')} ${word}${count === 1 ? '' : 's'}`;
}

const MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, min: 60_000 };

/** What a number with a unit is in larger ones, where that says more. */
export function inWords(value: unknown, unit: string | undefined): string | undefined {
  const factor = unit === undefined ? undefined : MS[unit];
  if (factor === undefined || typeof value !== 'number' || !Number.isFinite(value) || value * factor < 1000)
    return undefined;
  const words = spanWords(value * factor);
  return words ===
    `${value.toLocaleString('en')} ${{ ms: 'milliseconds', s: 'seconds', min: 'minutes' }[unit as string]}`
    ? undefined
    : words;
}
