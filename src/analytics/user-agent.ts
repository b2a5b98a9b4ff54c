/** The part of a header that is read. What identifies a family is always in it. */
const LONGEST = 512;

/**
 * Texts in lower case that identify a family. The first match counts: browsers also name older ones that they are
 * compatible with, so newer ones come first.
 */
const FAMILIES: readonly (readonly [sign: string, family: string])[] = [
  ['googlebot', 'Googlebot'],
  ['bingbot', 'Bingbot'],
  ['gptbot', 'GPTBot'],
  ['claudebot', 'ClaudeBot'],
  ['kube-probe/', 'kube-probe'],
  ['googlehc/', 'GoogleHC'],
  ['elb-healthchecker/', 'ELB-HealthChecker'],
  ['envoy/hc', 'Envoy health check'],
  ['prometheus/', 'Prometheus'],
  ['grafana/', 'Grafana'],
  ['postmanruntime/', 'Postman'],
  ['insomnia/', 'Insomnia'],
  ['bruno', 'Bruno'],
  ['k6/', 'k6'],
  ['apache-jmeter', 'JMeter'],
  ['hey/', 'hey'],
  ['fortio', 'Fortio'],
  ['h2load', 'h2load'],
  ['curl/', 'curl'],
  ['wget/', 'Wget'],
  ['httpie/', 'HTTPie'],
  ['xh/', 'xh'],
  ['powershell/', 'PowerShell'],
  ['grpcurl/', 'grpcurl'],
  ['connect-', 'Connect'],
  ['grpc-', 'gRPC'],
  ['python-requests/', 'Python Requests'],
  ['python-httpx/', 'HTTPX'],
  ['aiohttp/', 'aiohttp'],
  ['python-urllib', 'Python urllib'],
  ['okhttp/', 'OkHttp'],
  ['apache-httpclient/', 'Apache HttpClient'],
  ['apache-cxf', 'Apache CXF'],
  ['ahc/', 'AsyncHttpClient'],
  ['jersey/', 'Jersey'],
  ['reactornetty/', 'Reactor Netty'],
  ['mule', 'Mule'],
  ['java-http-client/', 'Java'],
  ['java/', 'Java'],
  ['go-resty/', 'Resty'],
  ['go-http-client/', 'Go'],
  ['axios/', 'axios'],
  ['node-fetch', 'node-fetch'],
  ['undici', 'undici'],
  ['got (', 'Got'],
  ['deno/', 'Deno'],
  ['bun/', 'Bun'],
  ['guzzlehttp/', 'Guzzle'],
  ['faraday', 'Faraday'],
  ['ruby', 'Ruby'],
  ['restsharp/', 'RestSharp'],
  ['reqwest/', 'reqwest'],
  ['hyper/', 'hyper'],
  ['dart/', 'Dart'],
  ['dart:io', 'Dart'],
  ['alamofire/', 'Alamofire'],
  ['edg/', 'Edge'],
  ['edga/', 'Edge'],
  ['edgios/', 'Edge'],
  ['opr/', 'Opera'],
  ['opera', 'Opera'],
  ['samsungbrowser/', 'Samsung Internet'],
  ['vivaldi/', 'Vivaldi'],
  ['firefox/', 'Firefox'],
  ['fxios/', 'Firefox'],
  ['headlesschrome/', 'Headless Chrome'],
  ['chrome/', 'Chrome'],
  ['crios/', 'Chrome'],
  ['trident/', 'Internet Explorer'],
  ['safari/', 'Safari'],
  ['cfnetwork/', 'CFNetwork'],
  ['node', 'Node.js'],
  ['bot', 'other bot'],
  ['crawler', 'other bot'],
  ['spider', 'other bot'],
];

/** The same headers occur often, so results are cached. */
const MAX_KNOWN = 1024;
const known = new Map<string, string>();

/** Returns the family of a `user-agent`; `other` if it is unknown. Empty: there is no header. */
export function userAgentFamily(header: string): string {
  if (header === '') return '';
  const told = header.slice(0, LONGEST);
  const found = known.get(told);
  if (found !== undefined) return found;
  const lower = told.toLowerCase();
  const family = FAMILIES.find(([sign]) => lower.includes(sign))?.[1] ?? 'other';
  if (known.size >= MAX_KNOWN) known.clear();
  known.set(told, family);
  return family;
}
