import { urlParts } from './request.ts';
import type { Part, SnippetRequest } from './request.ts';

/** With the standard library alone. */
export function goSnippet(request: SnippetRequest): string {
  const { basic, hasCertificate, headers, remarks } = request;
  const all = [urlParts(request), ...headers.map(([, value]) => value), basic ?? []].flat();
  const imports = [
    ...(hasCertificate ? ['crypto/tls'] : []),
    'fmt',
    'io',
    'net/http',
    ...(all.some((part) => typeof part !== 'string') ? ['os'] : []),
  ];
  const client = hasCertificate
    ? [
        '\tpair, err := tls.LoadX509KeyPair("client.pem", "client.key")',
        '\tif err != nil {',
        '\t\tpanic(err)',
        '\t}',
        '\tclient := &http.Client{Transport: &http.Transport{',
        '\t\tTLSClientConfig: &tls.Config{Certificates: []tls.Certificate{pair}},',
        '\t}}',
      ]
    : [];
  return [
    ...remarks.map((remark) => `// ${remark}`),
    'package main',
    '',
    'import (',
    ...imports.map((name) => `\t"${name}"`),
    ')',
    '',
    'func main() {',
    ...client,
    `\trequest, err := http.NewRequest("GET", ${text(urlParts(request))}, nil)`,
    '\tif err != nil {',
    '\t\tpanic(err)',
    '\t}',
    ...headers.map(([name, value]) => `\trequest.Header.Set(${JSON.stringify(name)}, ${text(value)})`),
    ...(basic === undefined ? [] : [`\trequest.SetBasicAuth(${text([basic[0]])}, ${text([basic[1]])})`]),
    `\tresponse, err := ${hasCertificate ? 'client' : 'http.DefaultClient'}.Do(request)`,
    '\tif err != nil {',
    '\t\tpanic(err)',
    '\t}',
    '\tdefer response.Body.Close()',
    '\tbody, err := io.ReadAll(response.Body)',
    '\tif err != nil {',
    '\t\tpanic(err)',
    '\t}',
    '\tfmt.Println(response.StatusCode, string(body))',
    '}',
  ].join('\n');
}

function text(parts: readonly Part[]): string {
  return parts
    .map((part) => (typeof part === 'string' ? JSON.stringify(part) : `os.Getenv("${part.variable}")`))
    .join(' + ');
}
