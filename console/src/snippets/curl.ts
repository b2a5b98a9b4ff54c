import type { Part, SnippetRequest } from './request.ts';
import { urlParts } from './request.ts';

/** For a POSIX shell. */
export function curlSnippet(request: SnippetRequest): string {
  const { basic, hasCertificate, headers, remarks } = request;
  const lines = [
    `curl ${quoted(urlParts(request))}`,
    ...headers.map(([name, value]) => `-H ${quoted([`${name}: `, ...value])}`),
    ...(basic === undefined ? [] : [`-u ${quoted([basic[0], ':', basic[1]])}`]),
    ...(hasCertificate ? ['--cert client.pem --key client.key'] : []),
  ];
  return [...remarks.map((remark) => `# ${remark}`), lines.join(' \\\n  ')].join('\n');
}

/** In single quotes nothing has a meaning; variables need double ones. */
function quoted(parts: readonly Part[]): string {
  if (parts.every((part) => typeof part === 'string')) return `'${parts.join('').replaceAll("'", String.raw`'\''`)}'`;
  const inside = parts.map((part) => {
    return typeof part === 'string' ? part.replaceAll(/[\\"$`!]/g, String.raw`\$&`) : `$${part.variable}`;
  });
  return `"${inside.join('')}"`;
}
