import { urlParts } from './request.ts';
import type { Part, SnippetRequest } from './request.ts';

/** For Node.js: a page of a browser would show the secret to its readers. */
export function javaScriptSnippet(request: SnippetRequest): string {
  const { basic, hasCertificate, headers, remarks } = request;
  const fields = headers.map(([name, value]) => `    ${JSON.stringify(name)}: ${text(value)},`);
  if (basic !== undefined) {
    const pair = text([basic[0], ':', basic[1]]);
    fields.push(`    authorization: "Basic " + Buffer.from(${pair}).toString("base64"),`);
  }
  const options = fields.length === 0 ? [] : ['  headers: {', ...fields, '  },'];
  const comments = remarks.map((remark) => `// ${remark}`);
  if (hasCertificate) {
    return [
      ...comments,
      'import { readFileSync } from "node:fs";',
      'import { request } from "node:https";',
      '',
      `const call = request(${text(urlParts(request))}, {`,
      ...options,
      '  cert: readFileSync("client.pem"),',
      '  key: readFileSync("client.key"),',
      '}, (response) => {',
      '  console.log(response.statusCode);',
      '  response.pipe(process.stdout);',
      '});',
      'call.end();',
    ].join('\n');
  }
  const url = text(urlParts(request));
  return [
    ...comments,
    ...(options.length === 0
      ? [`const response = await fetch(${url});`]
      : [`const response = await fetch(${url}, {`, ...options, '});']),
    'console.log(response.status, await response.text());',
  ].join('\n');
}

function text(parts: readonly Part[]): string {
  return parts
    .map((part) => (typeof part === 'string' ? JSON.stringify(part) : `process.env.${part.variable}`))
    .join(' + ');
}
