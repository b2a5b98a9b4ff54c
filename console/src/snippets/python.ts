import { urlParts } from './request.ts';
import type { Part, SnippetRequest } from './request.ts';

/** With the standard library alone. */
export function pythonSnippet(request: SnippetRequest): string {
  const { basic, hasCertificate, headers, query, remarks } = request;
  const hasVariables =
    [...headers, ...query].some(([, value]) => value.some(isVariable)) || (basic?.some(isVariable) ?? false);
  const fields = headers.map(([name, value]) => `        ${JSON.stringify(name)}: ${text(value)},`);
  if (basic !== undefined) {
    const pair = `(${text([basic[0], ':', basic[1]])}).encode()`;
    fields.push(`        "authorization": "Basic " + base64.b64encode(${pair}).decode(),`);
  }
  const url = text(urlParts(request));
  return [
    ...remarks.map((remark) => `# ${remark}`),
    ...(basic === undefined ? [] : ['import base64']),
    ...(hasVariables ? ['import os'] : []),
    ...(hasCertificate ? ['import ssl'] : []),
    'import urllib.request',
    '',
    ...(fields.length === 0
      ? [`request = urllib.request.Request(${url})`]
      : ['request = urllib.request.Request(', `    ${url},`, '    headers={', ...fields, '    },', ')']),
    ...(hasCertificate
      ? ['context = ssl.create_default_context()', 'context.load_cert_chain("client.pem", "client.key")']
      : []),
    `with urllib.request.urlopen(request${hasCertificate ? ', context=context' : ''}) as response:`,
    '    print(response.status, response.read().decode())',
  ].join('\n');
}

function isVariable(part: Part): boolean {
  return typeof part !== 'string';
}

function text(parts: readonly Part[]): string {
  return parts
    .map((part) => (typeof part === 'string' ? JSON.stringify(part) : `os.environ["${part.variable}"]`))
    .join(' + ');
}
