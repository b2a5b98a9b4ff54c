import { urlParts } from './request.ts';
import type { Part, SnippetRequest } from './request.ts';

/** Java 11 and later, with its own HTTP client. */
export function javaSnippet(request: SnippetRequest): string {
  const { basic, hasCertificate, headers, remarks } = request;
  const fields = headers.map(([name, value]) => `            .header(${JSON.stringify(name)}, ${text(value)})`);
  if (basic !== undefined) {
    const pair = `(${text([basic[0], ':', basic[1]])}).getBytes()`;
    fields.push(`            .header("authorization", "Basic " + Base64.getEncoder().encodeToString(${pair}))`);
  }
  return [
    ...remarks.map((remark) => `// ${remark}`),
    ...(hasCertificate
      ? ['// Start it with -Djavax.net.ssl.keyStore=client.p12 -Djavax.net.ssl.keyStorePassword=…']
      : []),
    'import java.net.URI;',
    'import java.net.http.HttpClient;',
    'import java.net.http.HttpRequest;',
    'import java.net.http.HttpResponse;',
    ...(basic === undefined ? [] : ['import java.util.Base64;']),
    '',
    'public class Call {',
    '    public static void main(String[] arguments) throws Exception {',
    `        HttpRequest request = HttpRequest.newBuilder(URI.create(${text(urlParts(request))}))`,
    ...fields,
    '            .build();',
    '        HttpResponse<String> response = HttpClient.newHttpClient()',
    '            .send(request, HttpResponse.BodyHandlers.ofString());',
    '        System.out.println(response.statusCode() + " " + response.body());',
    '    }',
    '}',
  ].join('\n');
}

function text(parts: readonly Part[]): string {
  return parts
    .map((part) => (typeof part === 'string' ? JSON.stringify(part) : `System.getenv("${part.variable}")`))
    .join(' + ');
}
